using System.Globalization;
using System.Text.Json;
using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Batches;

/// <summary>Adds up what the answered lines of a batch report, in whichever dialect they are.</summary>
internal static class BatchUsage
{
    public static Usage Of(IEnumerable<BatchLine> lines)
    {
        var sum = default(Usage);
        foreach (var line in lines)
        {
            using var answer = JsonDocument.Parse(line.Body);
            if (!answer.RootElement.TryGetProperty("usage", out var usage) || usage.ValueKind is not JsonValueKind.Object)
                continue;
            sum = new Usage(
                sum.Input + Number(usage, "prompt_tokens") + Number(usage, "input_tokens"),
                sum.Output + Number(usage, "completion_tokens") + Number(usage, "output_tokens"),
                sum.Cached + Part(usage, "prompt_tokens_details", "cached_tokens") + Part(usage, "input_tokens_details", "cached_tokens"),
                0,
                sum.Reasoning + Part(usage, "completion_tokens_details", "reasoning_tokens")
                    + Part(usage, "output_tokens_details", "reasoning_tokens"),
                AsStrings: false);
        }
        return sum;
    }

    private static Int128 Part(JsonElement usage, string details, string name) =>
        usage.TryGetProperty(details, out var parts) && parts.ValueKind is JsonValueKind.Object ? Number(parts, name) : 0;

    /// <summary>A number that is absent, or no number, adds nothing.</summary>
    private static Int128 Number(JsonElement usage, string name) =>
        usage.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number
        && Int128.TryParse(value.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
}
