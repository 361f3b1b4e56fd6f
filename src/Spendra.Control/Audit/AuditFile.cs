using Spendra.Core.Audit;
using Spendra.Storage;

namespace Spendra.Control.Audit;

/// <summary>What a verification of an export found.</summary>
public sealed record AuditFileVerdict
{
    /// <summary>The organization's slug, as the manifest names it.</summary>
    public string? Organization { get; init; }

    public DateTime? ExportedAt { get; init; }

    /// <summary>Records that agree with each other.</summary>
    public long Records { get; init; }

    public long? FirstSequence { get; init; }

    public long? LastSequence { get; init; }

    /// <summary>Checkpoints that are signed by the key and agree with the export.</summary>
    public long Checkpoints { get; init; }

    /// <summary>Checkpoints that lie outside of the part that was exported.</summary>
    public long CheckpointsBeside { get; init; }

    /// <summary>Lines of the checkpoint file that nobody can read: a crash may have left one.</summary>
    public long UnreadableCheckpoints { get; init; }

    /// <summary>Where the first thing that is wrong stands: a line of the export, or null when it is not in a line.</summary>
    public long? Line { get; init; }

    /// <summary>What is wrong, in one line; null when the export is whole.</summary>
    public string? Contradiction { get; init; }

    public bool IsWhole => Contradiction is null;
}

/// <summary>
/// Verifies an export without any database: every record against the one before it, the end against the manifest, and all of it
/// against signed checkpoints. Names the first record that is wrong.
/// </summary>
public static class AuditFile
{
    /// <param name="export">Lines as <see cref="AuditExport"/> writes them.</param>
    /// <param name="checkpoints">Lines as sinks keep them; null to do without.</param>
    /// <param name="publicKey">The key that must have signed the checkpoints, from <see cref="CheckpointKey.ReadPublicKey"/>.</param>
    /// <param name="isPartial">The export was asked for as a part: later records are not missed.</param>
    public static AuditFileVerdict Verify(IEnumerable<string> export, IEnumerable<string>? checkpoints = null, byte[]? publicKey = null, bool isPartial = false)
    {
        using var lines = export.GetEnumerator();
        if (!lines.MoveNext() || AuditLines.ReadManifest(lines.Current) is not { } manifest)
            return new AuditFileVerdict { Line = 1, Contradiction = "the file does not begin with the manifest of an audit export" };
        var verdict = new AuditFileVerdict
        {
            Organization = manifest.Organization,
            ExportedAt = InstantText.TryParse(manifest.ExportedAt, out var exportedAt) ? Micros.ToInstant(exportedAt).UtcDateTime : null,
        };
        if (Unlikely(manifest) is { } unlikely) return verdict with { Line = 1, Contradiction = unlikely };
        if (!isPartial && manifest.FirstSequence != 1)
            return verdict with { Line = 1, Contradiction = $"the export begins with record {manifest.FirstSequence}: it is only a part of the chain, and must be verified as such" };

        var signed = Read(checkpoints, publicKey, manifest.OrganizationId);
        if (signed.Contradiction is not null) return verdict with { Contradiction = signed.Contradiction };
        verdict = verdict with { UnreadableCheckpoints = signed.Unreadable };

        var head = new AuditHead(manifest.FirstSequence - 1, AuditLines.Bytes(manifest.PreviousHash)!);
        for (var line = 2L; lines.MoveNext(); line++)
        {
            if (AuditLines.ReadRecord(lines.Current, manifest.OrganizationId) is not { } record)
                return verdict with { Line = line, Contradiction = $"record {head.Sequence + 1} is expected here, and the line is no audit record" };
            if (AuditChain.Contradiction(head, record) is { } contradiction) return verdict with { Line = line, Contradiction = contradiction };
            if (record.Sequence > manifest.LastSequence) return verdict with { Line = line, Contradiction = $"record {record.Sequence} follows the last one that the manifest tells, {manifest.LastSequence}" };
            if (signed.BySequence[record.Sequence].FirstOrDefault(c => !c.Hash.AsSpan().SequenceEqual(record.Hash)) is { } other)
                return verdict with { Line = line, Contradiction = $"record {record.Sequence} is not the one that was signed at {InstantText.Of(other.SignedAt)}: it, or one before it, was replaced" };
            head = AuditChain.HeadOf(record);
            verdict = verdict with
            {
                Records = verdict.Records + 1, FirstSequence = verdict.FirstSequence ?? record.Sequence, LastSequence = record.Sequence,
                Checkpoints = verdict.Checkpoints + signed.BySequence[record.Sequence].Count(),
            };
        }
        if (AuditChain.ContradictionAtEnd(head, new AuditHead(manifest.LastSequence, AuditLines.Bytes(manifest.HeadHash)!)) is { } end)
            return verdict with { Contradiction = end };
        return CompareRest(verdict, signed, manifest, isPartial);
    }

    /// <summary>When an export was made only the export says: whoever cut it off may have written another time.</summary>
    private static AuditFileVerdict CompareRest(AuditFileVerdict verdict, SignedCheckpoints signed, ManifestLine manifest, bool isPartial)
    {
        var beside = signed.All.Where(c => c.Sequence < manifest.FirstSequence || c.Sequence > manifest.LastSequence).ToList();
        var missed = beside.Where(c => c.Sequence > manifest.LastSequence && !isPartial).MaxBy(c => c.Sequence);
        return missed is null ? verdict with { CheckpointsBeside = beside.Count } : verdict with
        {
            Contradiction = $"records were cut off, or the export is older than the checkpoints: the chain had {missed.Sequence} records when it was signed at "
                + $"{InstantText.Of(missed.SignedAt)}, and the export ends with record {manifest.LastSequence}. Export again; a part that was asked for is verified as such",
        };
    }

    private static string? Unlikely(ManifestLine manifest)
    {
        const int hashBytes = 32;
        if (AuditLines.Bytes(manifest.PreviousHash) is not { Length: hashBytes } previous || AuditLines.Bytes(manifest.HeadHash) is not { Length: hashBytes })
            return "the manifest's hashes are none";
        if (manifest.FirstSequence < 1 || manifest.LastSequence < manifest.FirstSequence - 1 || manifest.Records != manifest.LastSequence - manifest.FirstSequence + 1)
            return "the manifest's numbers contradict each other";
        if (manifest.FirstSequence == 1 && !previous.AsSpan().SequenceEqual(AuditHead.Start.Hash)) return "the manifest has something before the first record";
        return InstantText.TryParse(manifest.ExportedAt, out _) ? null : "the manifest does not say when the export was made";
    }

    private static SignedCheckpoints Read(IEnumerable<string>? lines, byte[]? publicKey, Guid organizationId)
    {
        if (lines is null) return new SignedCheckpoints([], 0, null);
        var (all, unreadable, contradiction) = CheckpointFile.Read(lines, publicKey ?? []);
        if (contradiction is not null) return new SignedCheckpoints([], unreadable, contradiction);
        var own = all.Where(c => c.OrganizationId == organizationId).ToList();
        return own.Count > 0 ? new SignedCheckpoints(own, unreadable, null)
            : new SignedCheckpoints([], unreadable, "the checkpoint file has no checkpoint of this organization");
    }

    private sealed record SignedCheckpoints(List<AuditCheckpoint> All, long Unreadable, string? Contradiction)
    {
        public ILookup<long, AuditCheckpoint> BySequence { get; } = All.ToLookup(c => c.Sequence);
    }
}
