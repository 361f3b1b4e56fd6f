namespace Spendra.Sandbox.Directives;

/// <summary>The knobs of <c>Knobs.Native.cs</c>.</summary>
internal static partial class KnobsText
{
    private const int MaxToolCalls = 100;
    private const int MaxUsageEvents = 100;

    private static bool SetNative(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        switch (key)
        {
            case "tool_calls": return Within(value, MaxToolCalls, out var calls) && Done(knobs.ToolCalls = calls);
            case "web_fetches": return Within(value, MaxToolCalls, out var fetches) && Done(knobs.WebFetches = fetches);
            case "usage_events": return Within(value, MaxUsageEvents, out var events) && events > 0 && Done(knobs.UsageEvents = events);
            case "stop_reason": return !value.IsEmpty && Done(knobs.StopReason = value.ToString());
            case "geo": return !value.IsEmpty && Done(knobs.Geo = value.ToString());
            case "speed": return !value.IsEmpty && Done(knobs.Speed = value.ToString());
            case "iterations": return IterationKnob.TryParse(value, out var iterations) && Done(knobs.Iterations = iterations);
            default: return SetNativeReported(knobs, key, value);
        }
    }

    private static bool SetNativeReported(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (!Int128.TryParse(value, out var number) || !IsReportable(number))
            return false;
        switch (key)
        {
            // Anthropic says thinking, Google thoughts, OpenAI reasoning: one knob with two names.
            case "thinking_tokens": return Done(knobs.ReasoningTokens = number);
            case "cache_write_1h_tokens": return Done(knobs.CacheWrite1hTokens = number);
            case "tool_use_prompt_tokens": return Done(knobs.ToolUsePromptTokens = number);
            case "output_image_tokens": return Done(knobs.OutputImageTokens = number);
            case "web_search_requests": return Done(knobs.WebSearchRequests = number);
            default: return false;
        }
    }
}
