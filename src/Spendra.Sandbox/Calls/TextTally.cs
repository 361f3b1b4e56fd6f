using System.Text;
using System.Text.Json;
using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Calls;

/// <summary>Counts messages and the bytes of their text by the rule of <see cref="SandboxUsage"/>.</summary>
internal sealed class TextTally
{
    public long Bytes { get; private set; }
    public int Messages { get; set; }

    /// <summary>The directive in the text of the last user message; <see langword="null"/> when that has none.</summary>
    public string? Directive { get; set; }

    public long InputTokens => SandboxUsage.InputTokens(Bytes, Messages);

    /// <summary>Counts a text; anything but a string counts nothing.</summary>
    /// <returns>Its directive, or <see langword="null"/>.</returns>
    public string? Add(JsonElement text)
    {
        if (text.ValueKind is not JsonValueKind.String)
            return null;
        var value = text.GetString()!;
        Bytes += Encoding.UTF8.GetByteCount(value);
        return KnobsText.Directive(value);
    }
}
