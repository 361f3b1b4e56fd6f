using System.Collections.Concurrent;
using Spendra.Storage;

namespace Spendra.Proof.Kills;

/// <summary>What a campaign did, counted as it happens.</summary>
internal sealed class Tally
{
    private readonly ConcurrentDictionary<string, int> _byPoint = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private int _random;
    private int _missed;
    private int _checks;
    private int _stops;
    private int _terminated;
    private int _powerCuts;
    private int _lostWrites;
    private long _attempts;

    public int Kills => _byPoint.Values.Sum() + _random;

    public int KillsAtPoints => _byPoint.Values.Sum();

    /// <summary>At a moment that nobody chose.</summary>
    public int Random => _random;

    /// <summary>Points that were not passed in time; those processes were killed at random.</summary>
    public int Missed => _missed;

    public int Checks => _checks;

    /// <summary>Immediate stops of PostgreSQL.</summary>
    public int Stops => _stops;

    /// <summary>Connections that PostgreSQL was told to end.</summary>
    public int Terminated => _terminated;

    /// <summary>Deaths after which what was not synced was lost.</summary>
    public int PowerCuts => _powerCuts;

    public int LostWrites => _lostWrites;

    public long Attempts => Interlocked.Read(ref _attempts);

    public IReadOnlyCollection<string> Violations => _violations;

    public IReadOnlyDictionary<string, int> ByPoint => _byPoint;

    public void Died(DatabaseEngine engine, string point) => _byPoint.AddOrUpdate($"{engine} {point}", 1, (_, n) => n + 1);

    public void KilledAtRandom(bool wasMissed = false)
    {
        Interlocked.Increment(ref _random);
        if (wasMissed) Interlocked.Increment(ref _missed);
    }

    public void Checked(IReadOnlyList<string> violations)
    {
        Interlocked.Increment(ref _checks);
        foreach (var violation in violations) _violations.Enqueue(violation);
    }

    public void Stopped() => Interlocked.Increment(ref _stops);

    public void TerminatedConnections(int count) => Interlocked.Add(ref _terminated, count);

    public void LostPower(int writes)
    {
        Interlocked.Increment(ref _powerCuts);
        Interlocked.Add(ref _lostWrites, writes);
    }

    public void Attempted(long count) => Interlocked.Add(ref _attempts, count);

    public int PointsOf(DatabaseEngine engine) => _byPoint.Keys.Count(k => k.StartsWith($"{engine} ", StringComparison.Ordinal));

    public string Line => $"kills {Kills} ({KillsAtPoints} at {_byPoint.Count} points, {Random} at random), "
        + $"immediate stops {Stops}, connections ended {Terminated}, power cuts {PowerCuts} ({LostWrites} writes lost), checks {Checks}, violations {_violations.Count}";
}
