using System.Buffers;

namespace Spendra.Core.Governance;

/// <summary>Names that people type in addresses, files and commands.</summary>
public static class SlugRule
{
    public const string Expected = "1 to 63 of a-z, 0-9, '-', '_' and '.', beginning with a letter or digit";

    private const int Longest = 63;
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    public static bool Matches(string text) =>
        text.Length is > 0 and <= Longest && char.IsAsciiLetterOrDigit(text[0])
        && !text.AsSpan().ContainsAnyExcept(Allowed);
}

/// <summary>Text that people write: names, models, labels.</summary>
public static class PlainText
{
    /// <summary>
    /// Not empty, not blank, no control characters (they rewrite terminals, and a database may refuse them), and
    /// no half of a surrogate pair.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="longest">Characters it may have.</param>
    public static bool Matches(string text, int longest) =>
        text.Length <= longest && !text.Any(char.IsControl) && !string.IsNullOrWhiteSpace(text)
        && !HasLoneSurrogate(text);

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return true;
            i++;
        }
        return false;
    }
}
