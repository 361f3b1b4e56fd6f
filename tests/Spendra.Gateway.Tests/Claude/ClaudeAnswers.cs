namespace Spendra.Gateway.Tests.Claude;

/// <summary>Answers in the shape in which Anthropic sends them. The texts speak of usage, which must not be believed.</summary>
internal static class ClaudeAnswers
{
    private const string Text = """Ünï \"usage\":{\"input_tokens\":9999999,\"output_tokens\":9} {\"type\":\"message_delta\"} 🦊""";

    public static string Message(string usage) =>
        $$$"""
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-a-20260101","content":[{"type":"text","text":"{{{Text}}}"},
        {"type":"tool_use","id":"toolu_1","name":"f","input":{"usage":{"input_tokens":5,"output_tokens":7},"model":"m"} }],
        "stop_reason":"end_turn","stop_sequence":null,"usage":{{{{usage}}}}}
        """;

    /// <param name="start">The usage of <c>message_start</c>.</param>
    /// <param name="totals">The usages of <c>message_delta</c>; the last one comes with the reason to stop.</param>
    public static string Stream(string start, params string[] totals) => Start(start) + Middle + string.Concat(
        totals.Select((t, i) => Delta(t, isLast: i == totals.Length - 1))) + Event("message_stop", "");

    public static string Start(string usage) => Event("message_start",
        $$$""","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-a-20260101","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{{{usage}}}}}""");

    public static string Middle =>
        Event("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
        + Event("ping", "")
        + Event("content_block_delta", $",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{Text}\"}}")
        + Event("content_block_stop", ",\"index\":0")
        + Event("content_block_start", ",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"f\",\"input\":{\"usage\":{\"input_tokens\":5,\"output_tokens\":7},\"error\":{}}}")
        + Event("content_block_stop", ",\"index\":1");

    public static string Delta(string usage, bool isLast = true) => Event("message_delta",
        $$$""","delta":{"stop_reason":{{{(isLast ? "\"end_turn\"" : "null")}}},"stop_sequence":null},"usage":{{{{usage}}}}""");

    public static string Error => Event("error", ",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}");

    public static string Event(string name, string members) => $"event: {name}\ndata: {{\"type\":\"{name}\"{members}}}\n\n";
}
