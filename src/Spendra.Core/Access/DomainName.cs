using System.Buffers;

namespace Spendra.Core.Access;

/// <summary>A domain that an organization may prove to be its own, such as <c>acme.example</c>.</summary>
public static class DomainName
{
    public const string Expected = "a domain name in ASCII such as acme.example: at least two labels of a-z, 0-9 and '-'";

    private const int Longest = 200;
    private const int LongestLabel = 63;
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>The name in lower case, or null for what is none. Names of other scripts are given as <c>xn--…</c>.</summary>
    public static string? Read(string text)
    {
        if (text.Length > Longest) return null;
        var name = text.ToLowerInvariant();
        var labels = name.Split('.');
        return labels.Length >= 2 && labels.All(IsLabel) && labels[^1].Any(char.IsAsciiLetter) ? name : null;
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= LongestLabel && label[0] != '-' && label[^1] != '-' && !label.AsSpan().ContainsAnyExcept(Allowed);
}
