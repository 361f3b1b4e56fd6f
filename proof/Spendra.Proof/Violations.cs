using System.Collections.Concurrent;

namespace Spendra.Proof;

/// <summary>Broken promises. Each is said the moment it is found, since a run may not come to its summary.</summary>
/// <param name="say">Where it is said; null: the console.</param>
internal sealed class Violations(TextWriter? say = null)
{
    // Something that breaks all the time must not bury what broke first.
    private const int MostSaid = 200;

    private readonly ConcurrentDictionary<string, int> _order = new(StringComparer.Ordinal);

    public int Count => _order.Count;

    /// <summary>In the order in which they were found, each once.</summary>
    public IReadOnlyCollection<string> All => [.. _order.OrderBy(v => v.Value).Select(v => v.Key)];

    public void Add(string violation)
    {
        if (_order.TryAdd(violation, _order.Count) && _order.Count <= MostSaid) (say ?? Console.Out).WriteLine($"VIOLATION {violation}");
    }

    public void Add(IEnumerable<string> violations)
    {
        foreach (var violation in violations) Add(violation);
    }
}
