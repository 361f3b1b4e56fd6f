using Spendra.Simulation;

namespace Spendra.Proof.Simulation;

/// <summary>Adds up what seeds came to. A broken promise is printed when it is found, with the command that replays it.</summary>
internal sealed class SimulationSummary
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal);
    private long _histories;
    private long _faulty;
    private long _operations;
    private long _calls;
    private TimeSpan _printed = TimeSpan.FromSeconds(-1);

    public long Violations { get; private set; }

    public void Add(SimulationReport report)
    {
        lock (_gate)
        {
            _histories++;
            if (report.FaultKinds >= 5) _faulty++;
            _operations += report.Operations;
            _calls += report.Calls;
            foreach (var (kind, count) in report.Faults) _faults[kind] = _faults.GetValueOrDefault(kind) + count;
            if (report.Violations.Count == 0) return;
            Violations += report.Violations.Count;
            Console.WriteLine($"seed {report.Seed}: {report.Violations.Count} violations; replay with: dotnet run --project proof/Spendra.Proof -c Release -- simulate --trace --seed {report.Seed}");
            foreach (var violation in report.Violations.Take(5)) Console.WriteLine($"    {violation}");
        }
    }

    public void PrintProgress(TimeSpan elapsed)
    {
        lock (_gate)
        {
            if (elapsed - _printed < TimeSpan.FromSeconds(1)) return;
            _printed = elapsed;
            Console.WriteLine($"{elapsed:hh\\:mm\\:ss} {_histories} histories, {_operations} operations, {Violations} violations");
        }
    }

    public void Print(ulong first, TimeSpan elapsed)
    {
        Console.WriteLine("== summary");
        Console.WriteLine($"{_histories} histories from seed {first} ({_faulty} with five kinds of fault or more) in {elapsed.TotalSeconds:F0} s: {_calls} calls, {_operations} ledger operations, {Violations} violations");
        foreach (var (kind, count) in _faults) Console.WriteLine($"    {kind,-24} {count,10}");
    }
}
