using System.Collections.Concurrent;
using Spendra.Proof.Worlds;
using Spendra.Storage;

namespace Spendra.Proof.Kills;

/// <summary>What a campaign did, counted as it happens.</summary>
/// <param name="say">Where violations are said when they are found; null: the console.</param>
internal sealed class Tally(TextWriter? say = null)
{
    private readonly ConcurrentDictionary<string, int> _byPoint = new();
    private readonly ConcurrentDictionary<string, string> _doing = new();
    private readonly Violations _violations = new(say);
    private readonly ConcurrentDictionary<DatabaseEngine, int> _random = new();
    private int _missed;
    private int _checks;
    private int _stops;
    private int _terminated;
    private int _idle;
    private int _ruleChanges;
    private int _unknownChanges;
    private int _stopped;
    private int _powerCuts;
    private int _emptyPowerCuts;
    private int _lostWrites;
    private long _attempts;

    /// <summary>Processes that ended by SIGKILL, where or when it was ordered. Neither misses, nor idle ones, nor those whose power was cut.</summary>
    public int Kills => KillsAtPoints + Random;

    public int KillsAtPoints => _byPoint.Values.Sum();

    /// <summary>At a moment that nobody chose.</summary>
    public int Random => _random.Values.Sum();

    /// <summary>Killed under load after their point was not passed in time.</summary>
    public int Missed => _missed;

    /// <summary>Killed with nothing left to do: the workers of the checks.</summary>
    public int Idle => _idle;

    /// <summary>Ended by themselves, when they were asked to.</summary>
    public int StoppedInPeace => _stopped;

    /// <summary>Caps cut and raised, keys revoked and issued.</summary>
    public int RuleChanges => _ruleChanges;

    public int Checks => _checks;

    /// <summary>Immediate stops of PostgreSQL.</summary>
    public int Stops => _stops;

    /// <summary>Connections that PostgreSQL was told to end.</summary>
    public int Terminated => _terminated;

    /// <summary>Deaths after which something was lost that had not been synced.</summary>
    public int PowerCuts => _powerCuts;

    /// <summary>Deaths after which nothing could be lost: all had been synced.</summary>
    public int EmptyPowerCuts => _emptyPowerCuts;

    public int LostWrites => _lostWrites;

    public long Attempts => Interlocked.Read(ref _attempts);

    public IReadOnlyCollection<string> Violations => _violations.All;

    public IReadOnlyDictionary<string, int> ByPoint => _byPoint;

    public void Died(DatabaseEngine engine, string point) => _byPoint.AddOrUpdate($"{engine} {point}", 1, (_, n) => n + 1);

    public void KilledAtRandom(DatabaseEngine engine) => _random.AddOrUpdate(engine, 1, (_, n) => n + 1);

    public void MissedItsPoint() => Interlocked.Increment(ref _missed);

    public void KilledIdle() => Interlocked.Increment(ref _idle);

    public void StoppedPeacefully() => Interlocked.Increment(ref _stopped);

    public void Found(string violation) => _violations.Add(violation);

    public void Checked(IReadOnlyList<string> violations)
    {
        Interlocked.Increment(ref _checks);
        _violations.Add(violations);
    }

    public void Stopped() => Interlocked.Increment(ref _stops);

    public void TerminatedConnections(int count) => Interlocked.Add(ref _terminated, count);

    public void LostPower(int writes)
    {
        if (writes == 0)
        {
            Interlocked.Increment(ref _emptyPowerCuts);
            return;
        }
        Interlocked.Increment(ref _powerCuts);
        Interlocked.Add(ref _lostWrites, writes);
    }

    public void RulesChanged(RuleBook book)
    {
        Interlocked.Add(ref _ruleChanges, book.Changes);
        Interlocked.Add(ref _unknownChanges, book.Unknown);
    }

    public void Attempted(long count) => Interlocked.Add(ref _attempts, count);

    public int KillsOf(DatabaseEngine engine) => KillsAtPointsOf(engine) + _random.GetValueOrDefault(engine);

    public int KillsAtPointsOf(DatabaseEngine engine) =>
        _byPoint.Where(p => p.Key.StartsWith($"{engine} ", StringComparison.Ordinal)).Sum(p => p.Value);

    public int PointsOf(DatabaseEngine engine) => _byPoint.Keys.Count(k => k.StartsWith($"{engine} ", StringComparison.Ordinal));

    /// <summary>What a world is doing, for whoever watches.</summary>
    public void Doing(string world, string what) => _doing[world] = what;

    public string Line => $"kills {Kills} ({KillsAtPoints} at {_byPoint.Count} points, {Random} at random), missed {Missed}, idle {Idle}, stopped in peace {StoppedInPeace}, "
        + $"immediate stops {Stops}, connections ended {Terminated}, power cuts {PowerCuts} ({LostWrites} writes lost; {EmptyPowerCuts} lost none), rule changes {RuleChanges} ({_unknownChanges} not acknowledged), checks {Checks}, violations {_violations.Count}";

    /// <summary>The same in short, with what is going on.</summary>
    public string Progress => $"kills {KillsAtPoints} + {Random}, stops {Stops}, power cuts {PowerCuts}, violations {_violations.Count}; "
        + string.Join(", ", _doing.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key}: {d.Value}"));
}
