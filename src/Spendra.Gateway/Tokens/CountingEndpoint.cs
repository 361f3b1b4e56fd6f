using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tokens;

/// <summary>
/// Where a provider counts the tokens of a request for nothing, and how it is asked: by the same body, with those of its
/// members that tell the model what to read. The others (limits, streams, tiers) are refused there.
/// </summary>
internal sealed record CountingEndpoint
{
    // Providers call their counts estimates that may differ by a small amount; none says by how much.
    private const long MarginPercent = 2;
    private const long MarginTokens = 64;

    /// <summary>As the ledger names the count: that of the route by which clients ask for one.</summary>
    public required string Name { get; init; }

    /// <summary>What follows the path of the call, in place of its method where it names one.</summary>
    public required string Suffix { get; init; }

    /// <summary>The members of the body that are counted.</summary>
    public required ImmutableArray<string> Members { get; init; }

    /// <summary>The member of the answer that has the count.</summary>
    public required string Result { get; init; }

    /// <summary>What is counted of sound, films and documents is what is billed of them.</summary>
    public bool CountsFiles { get; init; } = true;

    /// <summary>The member that the counted body stands in, with the model's name, or null when it stands alone.</summary>
    public string? Wrapper { get; init; }

    /// <summary>Whether the count of a request is one of all that will be billed of its input.</summary>
    public bool Covers(RequestFacts facts) => !facts.HasContentElsewhere && (CountsFiles || !facts.HasUnseenContent);

    public string PathOf(string path)
    {
        var method = path.LastIndexOf(':');
        return (method < 0 ? path : path[..method]) + Suffix;
    }

    /// <summary>The body that asks for the count. The members stand in it byte for byte.</summary>
    public byte[] BodyOf(ReadOnlySpan<byte> body, string model)
    {
        var buffer = new ArrayBufferWriter<byte>(body.Length + 256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (Wrapper is not null)
            {
                json.WriteStartObject(Wrapper);
                json.WriteString("model", "models/" + model);
            }
            CopyMembers(body, json);
            if (Wrapper is not null) json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The most tokens that a request has whose count an answer tells; null when it tells none that could be true.</summary>
    public long? BoundOf(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return null;
            if (!document.RootElement.TryGetProperty(Result, out var count) || count.ValueKind != JsonValueKind.Number) return null;
            if (!count.TryGetInt64(out var tokens) || tokens is < 1 or > Usage.MaxUnits) return null;
            return tokens + (tokens * MarginPercent + 99) / 100 + MarginTokens;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void CopyMembers(ReadOnlySpan<byte> body, Utf8JsonWriter json)
    {
        var from = new Utf8JsonReader(body);
        from.Read();
        while (from.Read() && from.TokenType == JsonTokenType.PropertyName)
        {
            var name = NameOf(ref from);
            from.Read();
            var start = (int)from.TokenStartIndex;
            from.Skip();
            if (name is null) continue;
            json.WritePropertyName(name);
            json.WriteRawValue(body[start..(int)from.BytesConsumed], skipInputValidation: true);
        }
    }

    private string? NameOf(ref Utf8JsonReader json)
    {
        foreach (var member in Members)
        {
            if (json.ValueTextEquals(member)) return member;
        }
        return null;
    }
}
