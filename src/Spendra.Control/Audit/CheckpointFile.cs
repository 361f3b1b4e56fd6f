using Spendra.Core.Audit;
using Spendra.Core.Ledger;

namespace Spendra.Control.Audit;

/// <summary>Signed checkpoints as sinks keep them.</summary>
/// <param name="All">Those that are signed by the key, of every organization.</param>
/// <param name="Unreadable">Lines that nobody can read: a crash may have left one.</param>
/// <param name="Contradiction">A line that is signed by another key; then there is nothing else.</param>
public sealed record CheckpointFile(IReadOnlyList<AuditCheckpoint> All, long Unreadable, string? Contradiction)
{
    /// <param name="lines">Of the file.</param>
    /// <param name="publicKey">The key that must have signed all of them, from <see cref="CheckpointKey.ReadPublicKey"/>.</param>
    public static CheckpointFile Read(IEnumerable<string> lines, byte[] publicKey)
    {
        var all = new List<AuditCheckpoint>();
        var unreadable = 0L;
        foreach (var (index, line) in lines.Index())
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (AuditLines.ReadCheckpoint(line) is not { } read) unreadable++;
            else if (publicKey.Length == 0 || !CheckpointKey.IsSigned(read.Checkpoint, publicKey, read.Signature))
                return new CheckpointFile([], unreadable, $"the checkpoint in line {index + 1} of the checkpoint file is not signed by the given key");
            else all.Add(read.Checkpoint);
        }
        return new CheckpointFile(all, unreadable, null);
    }

    /// <summary>What was signed of each ledger: seals by the number of their outbox row; none as long as nothing was spent.</summary>
    public IReadOnlyDictionary<Guid, IReadOnlyDictionary<long, Seal>> Ledgers() => All
        .GroupBy(c => c.OrganizationId)
        .ToDictionary(g => g.Key, g => (IReadOnlyDictionary<long, Seal>)g.Where(c => !c.LedgerSeal.IsNone).GroupBy(c => c.LedgerSequence).ToDictionary(s => s.Key, s => s.First().LedgerSeal));
}
