using System.Text;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>Texts that stand for secrets and contents, one for each place where such a thing enters, and the search for them.</summary>
internal sealed class Canaries
{
    public const string Prompt = "canary-prompt-51d20e";
    public const string Embedded = "canary-embedded-0c77ba";
    public const string Upload = "canary-file-content-88ab04";
    public const string BatchLine = "canary-batch-line-6e42f1";
    public const string Picture = "canary-picture-d1970c";
    public const string Sound = "canary-sound-44fe1b";
    public const string Argument = "canary-tool-argument-b3852d";
    public const string MasterKey = "Y2FuYXJ5LW1hc3Rlci1rZXktNTFkMjBlLTc3MWE0ZmI=";

    /// <summary>What clients give a provider for a tool server of their own.</summary>
    public const string ToolHeader = "canary-tool-header-9a03e7";

    /// <summary>A key that is none of ours: a provider's, sent here by mistake.</summary>
    public const string ForeignKey = "sk-canary-foreign-key-90be71";

    /// <summary>
    /// Where governance expects a number, an object or a name, such as that of a model, a tier or a tool. Names are what a
    /// refusal is explained by: its sender reads it again, and it is kept with the refusal.
    /// </summary>
    public const string OddName = "canary-odd-name-3c1d58";

    /// <summary>In the same places, but what is as long as this is no name.</summary>
    public static readonly string OddText = string.Join(' ', Enumerable.Repeat(OddPiece, 20));

    private const string OddPiece = "canary-odd-text-e7720b";

    /// <summary>What the sandbox always answers, tools included.</summary>
    public const string Completion = "budget holds because the ledger";

    public static readonly IReadOnlyList<string> Contents = [Prompt, Embedded, Upload, BatchLine, Picture, Sound, Argument];

    /// <summary>Whether what was found is no secret and no content, but stands where something else should.</summary>
    public static bool IsOdd(string leak) => leak.EndsWith(OddName, StringComparison.Ordinal) || leak.EndsWith(OddPiece, StringComparison.Ordinal);

    private readonly Dictionary<string, byte[][]> _spellings = [];

    public Canaries(params IEnumerable<string> secrets)
    {
        foreach (var text in (IEnumerable<string>)[.. Contents, Completion, ToolHeader, ForeignKey, OddName, OddPiece, .. secrets]) Add(text);
    }

    public void Add(string text)
    {
        text.Length.Should().BeGreaterThan(10, "a short text is found by chance");
        _spellings[text] = [.. SpellingsOf(Encoding.UTF8.GetBytes(text)), Encoding.Unicode.GetBytes(text)];
    }

    public List<string> FoundIn(string text) => FoundIn(Encoding.UTF8.GetBytes(text));

    /// <summary>Those that stand in the bytes as they are, in UTF-16, in hexadecimal digits or in Base64 of whatever surrounds them.</summary>
    public List<string> FoundIn(ReadOnlySpan<byte> bytes)
    {
        var found = new List<string>();
        foreach (var (canary, spellings) in _spellings)
        {
            foreach (var spelling in spellings)
            {
                if (bytes.IndexOf(spelling) < 0) continue;
                found.Add(canary);
                break;
            }
        }
        return found;
    }

    private static IEnumerable<byte[]> SpellingsOf(byte[] text)
    {
        yield return text;
        yield return Encoding.ASCII.GetBytes(Convert.ToHexString(text));
        yield return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(text));
        for (var before = 0; before < 3; before++)
        {
            // The digits that the text alone decides: not those that it shares with what may stand before and after it.
            var digits = Convert.ToBase64String([.. new byte[before], .. text]);
            var first = before == 0 ? 0 : before + 1;
            yield return Encoding.ASCII.GetBytes(digits[first..((before + text.Length) / 3 * 4)]);
        }
    }
}
