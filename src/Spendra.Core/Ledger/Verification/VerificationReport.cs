namespace Spendra.Core.Ledger.Verification;

/// <summary>A row that contradicts another.</summary>
public sealed record Violation(string Invariant, string Subject, string Expected, string Found);

/// <summary>What was checked, how often, and what was found wrong.</summary>
public sealed class VerificationReport
{
    // A broken table must not fill the memory: beyond this, violations of an invariant are only counted.
    private const int KeptPerInvariant = 100;

    private readonly Dictionary<string, long> _violated = [];
    private readonly List<Violation> _violations = [];

    /// <summary>Checks made, by invariant.</summary>
    public SortedDictionary<string, long> Checked { get; } = new(StringComparer.Ordinal);

    /// <summary>The first violations of each invariant.</summary>
    public IReadOnlyList<Violation> Violations => _violations;

    /// <summary>All violations, those that were only counted too.</summary>
    public long ViolationCount => _violated.Values.Sum();

    public void Count(string invariant, long checks) =>
        Checked[invariant] = Checked.GetValueOrDefault(invariant) + checks;

    public void Add(string invariant, string subject, string expected, string found)
    {
        var count = _violated[invariant] = _violated.GetValueOrDefault(invariant) + 1;
        if (count <= KeptPerInvariant) _violations.Add(new Violation(invariant, subject, expected, found));
    }

    /// <summary>Takes over what another report says; the other must not be used any more.</summary>
    public void Add(VerificationReport other)
    {
        foreach (var (invariant, checks) in other.Checked) Count(invariant, checks);
        foreach (var (invariant, subject, expected, found) in other._violations) Add(invariant, subject, expected, found);
        // Those that were only counted.
        foreach (var (invariant, count) in other._violated) _violated[invariant] += Math.Max(0, count - KeptPerInvariant);
    }
}
