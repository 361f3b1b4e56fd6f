using System.Text;

namespace Spendra.Sandbox.Wire;

/// <summary>The text that answers consist of: one word is one token.</summary>
internal static class Words
{
    private static readonly string[] s_words =
        ["Every", "budget", "holds", "because", "the", "ledger", "answers", "before", "the", "model", "does", "and", "says", "why"];

    private static readonly string[] s_spaced = [.. s_words.Select(word => " " + word)];

    private static readonly string s_default = Build(SandboxUsage.DefaultOutputTokens);

    /// <summary>One word of a stream, with the space before it.</summary>
    public static string Piece(int index) => index == 0 ? s_words[0] : s_spaced[index % s_spaced.Length];

    public static string Text(int words) => words == SandboxUsage.DefaultOutputTokens ? s_default : Build(words);

    private static string Build(int words)
    {
        var text = new StringBuilder(words * 7);
        for (var index = 0; index < words; index++)
            text.Append(Piece(index));
        return text.ToString();
    }
}
