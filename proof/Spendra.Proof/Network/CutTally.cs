using System.Collections.Concurrent;
using Spendra.Storage;

namespace Spendra.Proof.Network;

/// <summary>One recorded exchange: which bytes there are to cut.</summary>
internal sealed record Recording(DatabaseEngine Engine, Link Link, Worlds.CallKind Kind, Direction Direction, long Bytes)
{
    public override string ToString() => $"{Engine,-8} {Link,-13} {Kind,-6} {Direction,-7}";
}

/// <summary>What was cut, counted as it happens.</summary>
internal sealed class CutTally
{
    private readonly ConcurrentDictionary<Recording, ConcurrentDictionary<(long Offset, Fault Fault), bool>> _struck = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private int _cuts;
    private int _missed;

    public int Cuts => _cuts;

    /// <summary>The exchange was shorter than the recorded one, by a digit or so.</summary>
    public int Missed => _missed;

    public IReadOnlyCollection<string> Violations => _violations;

    public void Struck(Recording recording, Cut cut, bool hasStruck)
    {
        if (!hasStruck)
        {
            Interlocked.Increment(ref _missed);
            return;
        }
        Interlocked.Increment(ref _cuts);
        _struck.GetOrAdd(recording, _ => new()).TryAdd((cut.Offset, cut.Fault), true);
    }

    /// <summary>Keeps what was found, and says it at once: the run may not come to its summary.</summary>
    /// <param name="violations">None, if all is well.</param>
    /// <param name="where">What was done when it was found.</param>
    public void Checked(IReadOnlyList<string> violations, string where)
    {
        foreach (var violation in violations)
        {
            _violations.Enqueue($"{where}: {violation}");
            Console.WriteLine($"VIOLATION {where}: {violation}");
        }
    }

    /// <summary>The exchange that is being cut.</summary>
    public string Doing { get; set; } = "starting";

    public string Line => $"cuts {Cuts}, missed {Missed}, violations {_violations.Count}";

    /// <summary>For each exchange: offsets that were cut, of how many there are, and cuts by fault.</summary>
    public IEnumerable<string> Coverage() => _struck.OrderBy(s => s.Key.ToString(), StringComparer.Ordinal).Select(s =>
    {
        var offsets = s.Value.Keys.Select(k => k.Offset).Distinct().Count();
        var faults = s.Value.Keys.GroupBy(k => k.Fault).OrderBy(g => g.Key).Select(g => $"{g.Key.ToString().ToLowerInvariant()} {g.Count()}");
        return $"{s.Key} {offsets,6} of {s.Key.Bytes + 1,6} offsets: {string.Join(", ", faults)}";
    });

    /// <summary>Offsets of the plan that no cut has hit, but for the last few: an answer may be a digit shorter than the recorded one.</summary>
    public long Uncovered(IEnumerable<Recording> recordings, CutPlan plan, long slack) => recordings.Sum(r =>
    {
        var hit = _struck.TryGetValue(r, out var struck) ? struck.Keys.Select(k => k.Offset).ToHashSet() : [];
        long missing = 0;
        for (long offset = 0; offset <= r.Bytes - slack; offset += plan.StrideOf(r)) missing += hit.Contains(offset) ? 0 : 1;
        return missing;
    });
}
