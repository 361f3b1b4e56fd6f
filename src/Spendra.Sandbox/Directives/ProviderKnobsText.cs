using System.Text.RegularExpressions;
using static Spendra.Sandbox.Directives.KnobsText;

namespace Spendra.Sandbox.Directives;

/// <summary>The knobs of single surfaces in text; <see cref="KnobsText"/> has those of every answer.</summary>
internal static partial class ProviderKnobsText
{
    private const int MaxItems = 1_000;

    public static bool Set(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        switch (key)
        {
            case "error_code": return IsWord(value) && Done(knobs.ErrorCode = value.ToString());
            case "error_type": return IsWord(value) && Done(knobs.ErrorType = value.ToString());
            case "usage_type": return value is "tokens" or "duration" && Done(knobs.UsageType = value.ToString());
            case "cost": return JsonNumber().IsMatch(value) && Done(knobs.Cost = value.ToString());
            case "upstream_cost": return JsonNumber().IsMatch(value) && Done(knobs.UpstreamCost = value.ToString());
            case "content_filter": return PartOf(value) is { } part && Done(knobs.Filtered = part);
            case "batch_end": return EndOf(value) is { } end && Done(knobs.BatchEnd = end);
            case "rpc_error": return int.TryParse(value, out var code) && Done(knobs.RpcError = code);
            default: return SetFlag(knobs, key, value) || SetNumber(knobs, key, value) || SetTools(knobs, key, value);
        }
    }

    private static bool SetFlag(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (!bool.TryParse(value, out var flag))
            return false;
        switch (key)
        {
            case "async_filter": return Done(knobs.AsyncFilter = flag);
            case "byok": return Done(knobs.IsByok = flag);
            case "flagged": return Done(knobs.IsFlagged = flag);
            case "sse": return Done(knobs.AsEvents = flag);
            case "is_error": return Done(knobs.IsToolError = flag);
            default: return false;
        }
    }

    private static bool SetNumber(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (!Within(value, int.MaxValue, out var number))
            return false;
        switch (key)
        {
            case "retry_after": return Done(knobs.RetryAfterSeconds = number);
            case "generation_misses": return Done(knobs.GenerationMisses = number);
            case "batch_fetches": return Done(knobs.BatchFetches = number);
            case "batch_lines": return Done(knobs.BatchLines = number);
            case "expires_in": return Done(knobs.ExpiresInSeconds = number);
            default: return false;
        }
    }

    /// <summary>Things of which an answer has so many.</summary>
    private static bool SetTools(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (!Within(value, MaxItems, out var count))
            return false;
        switch (key)
        {
            case "comments": return Done(knobs.Comments = count);
            case "progress": return Done(knobs.Progress = count);
            case "web_searches": return Done(knobs.WebSearches = count);
            case "web_opens": return Done(knobs.WebOpens = count);
            case "file_searches": return Done(knobs.FileSearches = count);
            case "code_calls": return Done(knobs.CodeCalls = count);
            case "containers": return count > 0 && Done(knobs.Containers = count);
            case "image_calls": return Done(knobs.ImageCalls = count);
            case "mcp_calls": return Done(knobs.McpCalls = count);
            default: return false;
        }
    }

    private static FilteredPart? PartOf(ReadOnlySpan<char> value) => value switch
    {
        "prompt" => FilteredPart.Prompt,
        "output" => FilteredPart.Output,
        _ => null,
    };

    private static BatchEnd? EndOf(ReadOnlySpan<char> value) => value switch
    {
        "completed" => BatchEnd.Completed,
        "expired" => BatchEnd.Expired,
        "failed" => BatchEnd.Failed,
        "cancelled" => BatchEnd.Cancelled,
        _ => null,
    };

    private static bool IsWord(ReadOnlySpan<char> value) => !value.IsEmpty;

    // Any number of JSON, so that hostile costs can be sent: negative, huge, with an exponent.
    [GeneratedRegex(@"^-?(0|[1-9]\d{0,40})(\.\d{1,40})?([eE][+-]?\d{1,3})?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex JsonNumber();
}
