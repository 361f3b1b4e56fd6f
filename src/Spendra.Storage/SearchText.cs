namespace Spendra.Storage;

/// <summary>Turns what people search for into a pattern: what has a meaning in patterns is taken literally.</summary>
internal static class SearchText
{
    /// <summary>A pattern for <c>LIKE … ESCAPE '\'</c> on text in lower case; empty when nothing is searched.</summary>
    public static string Like(string? search) => string.IsNullOrEmpty(search) ? ""
        : $"%{search.ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
