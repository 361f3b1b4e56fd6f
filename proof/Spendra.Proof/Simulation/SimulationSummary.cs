using Spendra.Simulation;

namespace Spendra.Proof.Simulation;

/// <summary>Adds up what seeds came to. A broken promise is printed when it is found, with the command that replays it.</summary>
internal sealed class SimulationSummary
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal);
    private long _histories;
    private long _twice;
    private long _crashesInBurst;
    private long _crashesInTransaction;
    private long _operations;
    private long _calls;
    private TimeSpan _printed = TimeSpan.FromSeconds(-1);

    public long Violations { get; private set; }

    /// <summary>Histories in which five kinds of fault or more struck.</summary>
    public long Qualifying { get; private set; }

    public void Add((SimulationReport Report, bool WasTwice) run)
    {
        var report = run.Report;
        lock (_gate)
        {
            _histories++;
            if (run.WasTwice) _twice++;
            if (report.FaultKinds >= 5) Qualifying++;
            _crashesInBurst += report.CrashesInBurst;
            _crashesInTransaction += report.CrashesInTransaction;
            _operations += report.Operations;
            _calls += report.Calls;
            foreach (var (kind, count) in report.Faults) _faults[kind] = _faults.GetValueOrDefault(kind) + count;
            if (report.Violations.Count == 0) return;
            Violations += report.Violations.Count;
            Console.WriteLine($"seed {report.Seed}: {report.Violations.Count} violations; replay with: {report.ReplayCommand}");
            foreach (var violation in report.Violations.Take(5)) Console.WriteLine($"    {violation}");
        }
    }

    public void PrintProgress(TimeSpan elapsed)
    {
        lock (_gate)
        {
            if (elapsed - _printed < TimeSpan.FromSeconds(1)) return;
            _printed = elapsed;
            Console.WriteLine($"{elapsed:hh\\:mm\\:ss} {_histories} histories ({Qualifying} with five kinds of fault), {_operations} operations, {Violations} violations");
        }
    }

    public void Print(ulong first, TimeSpan elapsed)
    {
        Console.WriteLine("== summary");
        Console.WriteLine($"{_histories} histories from seed {first} in {elapsed.TotalSeconds:F0} s: {_calls} calls, {_operations} ledger operations, {Violations} violations");
        Console.WriteLine($"{Qualifying} of them were struck by five kinds of fault or more; {_twice} were run twice and compared;");
        Console.WriteLine($"{_crashesInBurst} processes died while more of theirs was ready, {_crashesInTransaction} with a transaction open. What struck, by kind:");
        foreach (var (kind, count) in _faults) Console.WriteLine($"    {kind,-24} {count,10}");
    }
}
