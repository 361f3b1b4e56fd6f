using System.Text.Json;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>A messages body in the form of Vertex AI. A second pass over a body that has been read, and so is well-formed.</summary>
internal static class VertexClaudeBody
{
    /// <summary>The only version that there is (platform.claude.com, "Claude on Vertex AI", November 2026).</summary>
    public const string Version = "vertex-2023-10-16";

    /// <summary>
    /// The body without its <c>model</c>, in whose place the version stands unless the client named one itself. All else is
    /// byte for byte the client's.
    /// </summary>
    public static ReadOnlyMemory<byte> WithoutModel(ReadOnlyMemory<byte> body)
    {
        var model = default(ByteSpan);
        int before = 0, after = 0, end = 0;
        var hasVersion = false;
        var json = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = AnthropicRequestReader.MaxDepth });
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)json.TokenStartIndex;
            var isModel = json.ValueTextEquals("model"u8);
            hasVersion |= json.ValueTextEquals("anthropic_version"u8);
            if (!model.IsEmpty && after == 0) after = start;
            json.Read();
            json.Skip();
            if (isModel) (model, before) = (new ByteSpan(start, (int)json.BytesConsumed - start), end);
            end = (int)json.BytesConsumed;
        }
        var edits = new BodyEdits();
        if (!hasVersion) edits.Replace(model, $"\"anthropic_version\":\"{Version}\"");
        // With the comma behind it, or before it when it is the last member; a body has others.
        else if (after > 0) edits.Replace(new ByteSpan(model.Start, after - model.Start), "");
        else edits.Replace(new ByteSpan(before, model.End - before), "");
        return edits.Apply(body.Span);
    }
}
