namespace Spendra.Simulation.World;

/// <summary>Faults that struck, by kind: what was only permitted does not count.</summary>
internal sealed class FaultTally
{
    private readonly int[] _counts = new int[Enum.GetValues<FaultKind>().Length];

    public void Count(FaultKind kind) => _counts[(int)kind]++;

    /// <summary>How many kinds have struck. A change of rules is no fault.</summary>
    public int Kinds => Enum.GetValues<FaultKind>().Count(k => k != FaultKind.RuleChange && _counts[(int)k] > 0);

    public IReadOnlyDictionary<string, int> Counts =>
        Enum.GetValues<FaultKind>().Where(k => _counts[(int)k] > 0).ToDictionary(k => k.ToString(), k => _counts[(int)k], StringComparer.Ordinal);
}
