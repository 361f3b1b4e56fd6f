using Spendra.Simulation.Scheduling;

namespace Spendra.Simulation.World;

/// <summary>
/// Everything that happens in a world, as one number: two runs of a seed agree when it does. Kept as text too when
/// somebody wants to read it.
/// </summary>
internal sealed class SimTrace(SimLoop loop, bool keepsLines)
{
    private const ulong Prime = 1099511628211;

    private readonly List<string> _lines = [];

    /// <summary>FNV-1a, 64 bits.</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    public IReadOnlyList<string> Lines => _lines;

    public void Add(string what, Guid id = default, string? detail = null)
    {
        Mix(loop.Now);
        foreach (var c in what) Mix(c);
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes);
        foreach (var b in bytes) Mix(b);
        foreach (var c in detail ?? "") Mix(c);
        if (keepsLines) _lines.Add($"{loop.Now / 1_000_000.0,10:F6} {what} {(id == default ? "" : id.ToString())} {detail}");
    }

    private void Mix(long value) => Hash = unchecked((Hash ^ (ulong)value) * Prime);
}
