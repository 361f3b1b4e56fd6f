using System.Text;
using System.Text.Json;

namespace Spendra.Sandbox.Batches;

/// <summary>One line of an input file, as it was sent.</summary>
internal readonly record struct BatchInput(string CustomId, byte[] Body)
{
    /// <summary>Reads all lines of a file.</summary>
    /// <param name="content">JSON lines.</param>
    /// <param name="endpoint">The one URL that all lines must have.</param>
    /// <param name="faults">What is wrong with them.</param>
    public static List<BatchInput> ReadAll(ReadOnlySpan<byte> content, string endpoint, List<BatchFault> faults)
    {
        var inputs = new List<BatchInput>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var range in content.Split((byte)'\n'))
        {
            number++;
            var line = content[range].Trim(" \r\t"u8);
            if (line.IsEmpty)
                continue;
            if (Read(line, endpoint, out var input) is { } fault)
                faults.Add(fault with { Line = number });
            else if (!ids.Add(input.CustomId))
                faults.Add(new("duplicate_custom_id", $"The custom_id '{input.CustomId}' was used before.", number));
            else
                inputs.Add(input);
        }
        if (inputs.Count == 0 && faults.Count == 0)
            faults.Add(new("empty_file", "The input file has no requests.", null));
        return inputs;
    }

    private static BatchFault? Read(ReadOnlySpan<byte> line, string endpoint, out BatchInput input)
    {
        input = default;
        try
        {
            var reader = new Utf8JsonReader(line);
            using var document = JsonDocument.ParseValue(ref reader);
            var json = document.RootElement;
            if (json.ValueKind is not JsonValueKind.Object || reader.BytesConsumed < line.Length)
                return new("invalid_json_line", "The line is not one object of JSON.", null);
            if (TextOf(json, "custom_id") is not { Length: > 0 } id)
                return new("missing_required_parameter", "Missing required parameter: 'custom_id'.", null);
            if (TextOf(json, "method") is not "POST")
                return new("invalid_method", "The method must be POST.", null);
            if (TextOf(json, "url") != endpoint)
                return new("mismatched_url", $"The url must be the endpoint of the batch, {endpoint}.", null);
            if (!json.TryGetProperty("body", out var body) || body.ValueKind is not JsonValueKind.Object)
                return new("missing_required_parameter", "Missing required parameter: 'body'.", null);
            input = new BatchInput(id, Encoding.UTF8.GetBytes(body.GetRawText()));
            return null;
        }
        catch (JsonException)
        {
            return new("invalid_json_line", "The line is not JSON.", null);
        }
    }

    private static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
