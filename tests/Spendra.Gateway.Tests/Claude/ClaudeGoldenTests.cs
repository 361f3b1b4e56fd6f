using System.Text;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>
/// Recorded shapes of answers, plain and streamed, and what they cost to the nano-dollar, worked out by hand at the
/// rates of <see cref="ClaudeCall.Price"/>. Input, cache read and cache writes stand beside each other.
/// </summary>
public sealed class ClaudeGoldenTests
{
    private const string Plain = "\"input_tokens\":100,\"output_tokens\":20";
    private const string Standard = "\"service_tier\":\"standard\",\"inference_geo\":\"global\"";

    /// <summary>Name, more of the request, the whole usage, the usage at the start, the running totals, classes, nano-USD.</summary>
    public static TheoryData<string, string, string, string, string[], string, long> Calls() => new()
    {
        // 100·1000 + 20·5000
        { "plain", "", $"{Plain},{Standard}", $"\"input_tokens\":100,\"output_tokens\":1,{Standard}", ["\"output_tokens\":20"], "100,0,0,0,20,0,0", 200_000 },
        { "no tier told", "\"inference_geo\":\"global\"", Plain, "\"input_tokens\":100,\"output_tokens\":1", ["\"output_tokens\":20"], "100,0,0,0,20,0,0", 200_000 },
        // 40·1000 + 60·100 + 20·5000
        { "cache read", "", $"\"input_tokens\":40,\"cache_read_input_tokens\":60,\"cache_creation_input_tokens\":0,\"output_tokens\":20,{Standard}",
            $"\"input_tokens\":40,\"cache_read_input_tokens\":60,\"cache_creation_input_tokens\":0,\"output_tokens\":1,{Standard}", ["\"output_tokens\":20"], "40,60,0,0,20,0,0", 146_000 },
        // 10·1000 + 90·1250 + 20·5000
        { "cache write 5m", "", $"\"input_tokens\":10,\"cache_creation_input_tokens\":90,\"cache_creation\":{{\"ephemeral_5m_input_tokens\":90,\"ephemeral_1h_input_tokens\":0}},\"output_tokens\":20,{Standard}",
            $"\"input_tokens\":10,\"cache_creation_input_tokens\":90,\"cache_creation\":{{\"ephemeral_5m_input_tokens\":90,\"ephemeral_1h_input_tokens\":0}},\"output_tokens\":1,{Standard}",
            ["\"input_tokens\":10,\"cache_creation_input_tokens\":90,\"cache_read_input_tokens\":0,\"output_tokens\":20"], "10,0,90,0,20,0,0", 222_500 },
        // 10·1000 + 90·2000 + 20·5000
        { "cache write 1h", "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}", $"\"input_tokens\":10,\"cache_creation_input_tokens\":90,\"cache_creation\":{{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":90}},\"output_tokens\":20,{Standard}",
            $"\"input_tokens\":10,\"cache_creation_input_tokens\":90,\"cache_creation\":{{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":90}},\"output_tokens\":1,{Standard}",
            ["\"input_tokens\":10,\"cache_creation_input_tokens\":90,\"output_tokens\":20"], "10,0,0,90,20,0,0", 290_000 },
        // 10·1000 + 50·100 + 30·1250 + 60·2000 + 20·5000
        { "cache read and both writes", "\"cache_control\":{\"ttl\":\"1h\"}", $"\"input_tokens\":10,\"cache_read_input_tokens\":50,\"cache_creation_input_tokens\":90,\"cache_creation\":{{\"ephemeral_5m_input_tokens\":30,\"ephemeral_1h_input_tokens\":60}},\"output_tokens\":20,{Standard}",
            $"\"input_tokens\":10,\"cache_read_input_tokens\":50,\"cache_creation_input_tokens\":90,\"cache_creation\":{{\"ephemeral_5m_input_tokens\":30,\"ephemeral_1h_input_tokens\":60}},\"output_tokens\":1,{Standard}",
            ["\"output_tokens\":20"], "10,50,30,60,20,0,0", 272_500 },
        // Without the split everything was written for five minutes: 10·1000 + 90·1250 + 20·5000
        { "cache write without its split", "", $"\"input_tokens\":10,\"cache_creation_input_tokens\":90,\"output_tokens\":20,{Standard}",
            $"\"input_tokens\":10,\"cache_creation_input_tokens\":90,\"output_tokens\":1,{Standard}", ["\"output_tokens\":20"], "10,0,90,0,20,0,0", 222_500 },
        // Nulls are zeros: 100·1000 + 20·5000
        { "nulls", "", $"{Plain},\"cache_creation_input_tokens\":null,\"cache_read_input_tokens\":null,\"cache_creation\":null,\"server_tool_use\":null,\"output_tokens_details\":null,\"iterations\":null,{Standard}",
            $"\"input_tokens\":100,\"output_tokens\":1,\"cache_creation\":null,{Standard}", ["\"input_tokens\":null,\"output_tokens\":20,\"server_tool_use\":null"], "100,0,0,0,20,0,0", 200_000 },
        // Thinking is inside the output: 100·1000 + 80·5000
        { "thinking", "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}", $"\"input_tokens\":100,\"output_tokens\":80,\"output_tokens_details\":{{\"thinking_tokens\":70}},{Standard}",
            $"\"input_tokens\":100,\"output_tokens\":1,{Standard}", ["\"output_tokens\":80,\"output_tokens_details\":{\"thinking_tokens\":70}"], "100,0,0,0,80,70,0", 500_000 },
        // Tools that the client runs cost their tokens: 500·1000 + 30·5000
        { "tools", "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}},{\"type\":\"bash_20250124\",\"name\":\"bash\"}]", $"\"input_tokens\":500,\"output_tokens\":30,{Standard}",
            $"\"input_tokens\":500,\"output_tokens\":4,{Standard}", ["\"output_tokens\":30"], "500,0,0,0,30,0,0", 650_000 },
        // 1,100·1000 + 20·5000, and 10 dollars per thousand searches: 3·10,000,000. The input rises while tools run.
        { "web search", Search(5), $"\"input_tokens\":1100,\"output_tokens\":20,\"server_tool_use\":{{\"web_search_requests\":3,\"web_fetch_requests\":0}},{Standard}",
            $"\"input_tokens\":100,\"output_tokens\":1,{Standard}",
            ["\"input_tokens\":600,\"output_tokens\":10,\"server_tool_use\":{\"web_search_requests\":1}", "\"input_tokens\":1100,\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":3}"], "1100,0,0,0,20,0,3", 31_200_000 },
        // A fetch has no fee: 1100·1000 + 20·5000
        { "web fetch", "\"tools\":[{\"type\":\"web_fetch_20250910\",\"name\":\"web_fetch\",\"max_uses\":2}]", $"\"input_tokens\":1100,\"output_tokens\":20,\"server_tool_use\":{{\"web_search_requests\":0,\"web_fetch_requests\":2}},{Standard}",
            $"\"input_tokens\":100,\"output_tokens\":1,{Standard}", ["\"input_tokens\":1100,\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":0,\"web_fetch_requests\":2}"], "1100,0,0,0,20,0,0", 1_200_000 },
        // Fees are the same at every speed: (100·1000 + 20·5000)·2 + 1·10,000,000
        { "web search, fast", Search(1) + ",\"speed\":\"fast\"", $"{Plain},\"server_tool_use\":{{\"web_search_requests\":1}},{Standard},\"speed\":\"fast\"",
            $"\"input_tokens\":100,\"output_tokens\":1,{Standard},\"speed\":\"fast\"", ["\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":1}"], "100,0,0,0,20,0,1", 10_400_000 },
        // 200,000 · 1.1
        { "geo us", "\"inference_geo\":\"us\"", $"{Plain},\"service_tier\":\"standard\",\"inference_geo\":\"us\"", "\"input_tokens\":100,\"output_tokens\":1,\"service_tier\":\"standard\",\"inference_geo\":\"us\"", ["\"output_tokens\":20"], "100,0,0,0,20,0,0", 220_000 },
        { "geo us by the workspace", "", $"{Plain},\"service_tier\":\"standard\",\"inference_geo\":\"us\"", "\"input_tokens\":100,\"output_tokens\":1,\"service_tier\":\"standard\",\"inference_geo\":\"us\"", ["\"output_tokens\":20"], "100,0,0,0,20,0,0", 220_000 },
        { "geo that the model lets nobody choose", "", $"{Plain},\"service_tier\":\"standard\",\"inference_geo\":\"not_available\"", "\"input_tokens\":100,\"output_tokens\":1,\"service_tier\":\"standard\",\"inference_geo\":\"not_available\"", ["\"output_tokens\":20"], "100,0,0,0,20,0,0", 200_000 },
        // 200,000 · 2
        { "speed fast", "\"speed\":\"fast\"", $"{Plain},{Standard},\"speed\":\"fast\"", $"\"input_tokens\":100,\"output_tokens\":1,{Standard},\"speed\":\"fast\"", ["\"output_tokens\":20"], "100,0,0,0,20,0,0", 400_000 },
        // Asked for fast and served at the usual speed.
        { "speed fast that was not to be had", "\"speed\":\"fast\"", $"{Plain},{Standard},\"speed\":\"standard\"", $"\"input_tokens\":100,\"output_tokens\":1,{Standard},\"speed\":\"standard\"", ["\"output_tokens\":20"], "100,0,0,0,20,0,0", 200_000 },
        // 200,000 · 2 · 1.1
        { "speed fast in the us", "\"speed\":\"fast\",\"inference_geo\":\"us\"", $"{Plain},\"service_tier\":\"standard\",\"inference_geo\":\"us\",\"speed\":\"fast\"", "\"input_tokens\":100,\"output_tokens\":1,\"service_tier\":\"standard\",\"inference_geo\":\"us\",\"speed\":\"fast\"", ["\"output_tokens\":20"], "100,0,0,0,20,0,0", 440_000 },
        // (40·1000 + 60·100 + 20·5000) · 1.1
        { "cache read in the us", "\"inference_geo\":\"us\"", "\"input_tokens\":40,\"cache_read_input_tokens\":60,\"output_tokens\":20,\"service_tier\":\"standard\",\"inference_geo\":\"us\"",
            "\"input_tokens\":40,\"cache_read_input_tokens\":60,\"output_tokens\":1,\"service_tier\":\"standard\",\"inference_geo\":\"us\"", ["\"output_tokens\":20"], "40,60,0,0,20,0,0", 160_600 },
        // The whole request is five times as dear above 100,000 tokens of input, cached ones included:
        // 60,000·5000 + 50,000·500 + 20·25,000
        { "long context", "", $"\"input_tokens\":60000,\"cache_read_input_tokens\":50000,\"output_tokens\":20,{Standard}",
            $"\"input_tokens\":60000,\"cache_read_input_tokens\":50000,\"output_tokens\":1,{Standard}", ["\"output_tokens\":20"], "60000,50000,0,0,20,0,0", 325_500_000 },
        // Exactly at the line it is not: 100,000·1000 + 20·5000
        { "long context, not quite", "", $"\"input_tokens\":100000,\"output_tokens\":20,{Standard}", $"\"input_tokens\":100000,\"output_tokens\":1,{Standard}", ["\"output_tokens\":20"], "100000,0,0,0,20,0,0", 100_100_000 },
        // Passes of the same model are inside the totals: 100·1000 + 20·5000
        { "iterations of the same model", "", $"{Plain},{Standard},\"iterations\":[{{\"type\":\"message\",\"model\":\"claude-a\",\"input_tokens\":40,\"output_tokens\":5}},{{\"type\":\"message\",\"input_tokens\":60,\"output_tokens\":15}}]",
            $"\"input_tokens\":100,\"output_tokens\":1,{Standard}", ["\"output_tokens\":20,\"iterations\":[{\"type\":\"message\",\"model\":\"claude-a\",\"input_tokens\":40,\"output_tokens\":5},{\"type\":\"message\",\"input_tokens\":60,\"output_tokens\":15}]"], "100,0,0,0,20,0,0", 200_000 },
        // What the totals leave out is paid all the same: 300·1000 + 30·1250 + 25·5000
        { "iterations beyond the totals", "", $"{Plain},{Standard},\"iterations\":[{{\"type\":\"compaction\",\"input_tokens\":200,\"output_tokens\":5}},{{\"type\":\"message\",\"input_tokens\":100,\"output_tokens\":20,\"cache_creation_input_tokens\":30}}]",
            $"\"input_tokens\":100,\"output_tokens\":1,{Standard}", ["\"output_tokens\":20,\"iterations\":[{\"type\":\"compaction\",\"input_tokens\":200,\"output_tokens\":5},{\"type\":\"message\",\"input_tokens\":100,\"output_tokens\":20,\"cache_creation_input_tokens\":30}]"], "300,0,30,0,25,0,0", 462_500 },
        // A refusal is charged by its usage: 100·1000
        { "nothing produced", "", $"\"input_tokens\":100,\"output_tokens\":0,{Standard}", $"\"input_tokens\":100,\"output_tokens\":0,{Standard}", ["\"output_tokens\":0"], "100,0,0,0,0,0,0", 100_000 },
        // Totals are replaced, never added: 100·1000 + 20·5000
        { "totals told often", "", $"{Plain},{Standard}", $"\"input_tokens\":100,\"output_tokens\":1,{Standard}", ["\"output_tokens\":5", "\"input_tokens\":100,\"output_tokens\":12", "\"output_tokens\":20"], "100,0,0,0,20,0,0", 200_000 },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void A_plain_answer_costs_its_usage_by_class(string name, string more, string usage, string start, string[] totals, string classes, long nanos)
    {
        name.Should().NotBeEmpty();
        (start.Length + totals.Length).Should().BePositive();
        var call = Bounded(more);

        var settled = ClaudeCall.Settle(call, ClaudeCall.Meter(call, "application/json", Encoding.UTF8.GetBytes(ClaudeAnswers.Message(usage))));

        ShouldCost(call, settled, classes, nanos);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void A_streamed_answer_costs_its_last_totals_by_class(string name, string more, string usage, string start, string[] totals, string classes, long nanos)
    {
        name.Should().NotBeEmpty();
        usage.Should().NotBeEmpty();
        var call = Bounded(more.Length > 0 ? more + ",\"stream\":true" : "\"stream\":true");

        var settled = ClaudeCall.Settle(call, ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(ClaudeAnswers.Stream(start, totals))));

        ShouldCost(call, settled, classes, nanos);
    }

    private static string Search(int uses) => $"\"tools\":[{{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":{uses}}}]";

    // The text is long enough for every usage of the table to be within its bound.
    private static Requests.GovernedCall Bounded(string more)
    {
        var (call, refusal) = ClaudeCall.Bound(ClaudeCall.Body(more, new string('x', 120_000)));
        refusal.Should().BeNull();
        return call;
    }

    private static void ShouldCost(Requests.GovernedCall call, Spendra.Core.Ledger.Settlement settled, string classes, long nanos)
    {
        settled.IsEstimated.Should().BeFalse();
        ClaudeCall.Show(settled.Usage).Should().Be(classes);
        settled.Cost.Value.Should().Be(nanos);
        settled.ServedModel.Should().Be("claude-a-20260101");
        nanos.Should().BeLessThanOrEqualTo(call.Amount.Value);
    }
}
