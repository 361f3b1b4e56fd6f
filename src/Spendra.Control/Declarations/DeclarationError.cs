namespace Spendra.Control.Declarations;

/// <summary>What is wrong in a declaration, and where. Never quotes a secret.</summary>
/// <param name="File">The name that the caller gave.</param>
/// <param name="Line">1 is the first line.</param>
/// <param name="Message">What is wrong and what was expected.</param>
public sealed record DeclarationError(string File, int Line, string Message)
{
    public override string ToString() => $"{File}:{Line}: {Message}";
}

/// <summary>Collects everything that is wrong, so that it is reported at once.</summary>
internal sealed class ErrorList(string file)
{
    private const int Most = 100;

    private readonly List<DeclarationError> _errors = [];

    public bool Any => _errors.Count > 0;

    public void Add(int line, string message) => _errors.Add(new DeclarationError(file, line, message));

    /// <summary>By line; after a hundred the rest is only counted.</summary>
    public IReadOnlyList<DeclarationError> Report()
    {
        var sorted = _errors.OrderBy(e => e.Line).Distinct().ToList();
        if (sorted.Count <= Most) return sorted;
        return [.. sorted.Take(Most), new DeclarationError(file, sorted[Most].Line, $"and {sorted.Count - Most} more errors")];
    }
}
