using System.Collections.Concurrent;
using Spendra.Storage;

namespace Spendra.Proof.Network;

/// <summary>One recorded exchange: which bytes there are to cut.</summary>
internal sealed record Recording(DatabaseEngine Engine, Link Link, Worlds.CallKind Kind, Direction Direction, long Bytes)
{
    public override string ToString() => $"{Engine,-8} {Link,-13} {Kind,-6} {Direction,-7}";
}

/// <summary>What was cut, counted as it happens.</summary>
/// <param name="say">Where violations are said when they are found; null: the console.</param>
internal sealed class CutTally(TextWriter? say = null)
{
    private readonly ConcurrentDictionary<Recording, ConcurrentDictionary<(long Offset, Fault Fault), bool>> _struck = new();
    private readonly Violations _violations = new(say);
    private int _cuts;
    private int _missed;
    private int _ruled;
    private int _ruledMissed;

    /// <summary>Cuts that struck a call right after its rules were changed.</summary>
    public int RuledCuts => _ruled;

    /// <summary>Changes of rules after which the call was over before its cut: a refusal is shorter than what was recorded.</summary>
    public int RuledMissed => _ruledMissed;

    public int Cuts => _cuts;

    /// <summary>The exchange was shorter than the recorded one, by a digit or so.</summary>
    public int Missed => _missed;

    public IReadOnlyCollection<string> Violations => _violations.All;

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

    /// <summary>Rules were changed, and the call that had to learn of it was cut, or was too short to be.</summary>
    public void Ruled(bool hasStruck) => Interlocked.Increment(ref hasStruck ? ref _ruled : ref _ruledMissed);

    /// <summary>Keeps what was found, and says it at once.</summary>
    /// <param name="violations">None, if all is well.</param>
    /// <param name="where">What was done when it was found.</param>
    public void Checked(IReadOnlyList<string> violations, string where) => _violations.Add(violations.Select(v => $"{where}: {v}"));

    /// <summary>The same of one.</summary>
    public void Found(string violation, string where) => Checked([violation], where);

    /// <summary>The exchange that is being cut.</summary>
    public string Doing { get; set; } = "starting";

    public string Line => $"cuts {Cuts}, missed {Missed}, right after a change of rules {RuledCuts} more (and {RuledMissed} missed), violations {_violations.Count}";

    /// <summary>For each exchange: offsets that were cut, of how many there are, and cuts by fault.</summary>
    public IEnumerable<string> Coverage() => _struck.OrderBy(s => s.Key.ToString(), StringComparer.Ordinal).Select(s =>
    {
        var offsets = s.Value.Keys.Select(k => k.Offset).Distinct().Count();
        var faults = s.Value.Keys.GroupBy(k => k.Fault).OrderBy(g => g.Key).Select(g => $"{g.Key.ToString().ToLowerInvariant()} {g.Count()}");
        return $"{s.Key} {offsets,6} of {s.Key.Bytes + 1,6} offsets: {string.Join(", ", faults)}";
    });

    /// <summary>
    /// Cuts of the plan, each an offset with a fault, that struck nothing; but for the last few offsets, since an answer may be a
    /// digit shorter than the recorded one.
    /// </summary>
    public long Uncovered(IEnumerable<Recording> recordings, CutPlan plan, long slack) => recordings.Sum(r =>
    {
        var hit = _struck.GetValueOrDefault(r);
        return plan.CutsOf(r).LongCount(c => c.Offset <= r.Bytes - slack && hit?.ContainsKey((c.Offset, c.Fault)) != true);
    });
}
