namespace Spendra.Control.FirstRun;

/// <summary>Names as addresses and files have them, made of what people write.</summary>
internal static class SlugText
{
    private const int Longest = 40;

    /// <summary>Letters and digits in lower case, and one hyphen for whatever stands between them; <c>me</c> where nothing is left.</summary>
    public static string Of(string text)
    {
        var slug = new System.Text.StringBuilder();
        foreach (var letter in text.ToLowerInvariant())
        {
            if (slug.Length == Longest) break;
            if (char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter)) slug.Append(letter);
            else if (slug.Length > 0 && slug[^1] != '-') slug.Append('-');
        }
        return slug.ToString().Trim('-') is { Length: > 0 } made ? made : "me";
    }
}
