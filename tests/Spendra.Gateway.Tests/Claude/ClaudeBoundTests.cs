using System.Text;
using CsCheck;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>Whatever a request asks for, and whatever a provider that keeps its word may bill for it: never more than the bound.</summary>
public sealed class ClaudeBoundTests
{
    /// <summary>What a request has, and where in what it permits the provider's answer lies, in thousandths.</summary>
    private sealed record Pair(
        int TextBytes, int Images, int BigImages, bool HasDocument, bool HasBash, int Searches, int Fetches, int MaxTokens, bool IsHourLong,
        string Speed, string Geo, int[] Shares);

    private static readonly Gen<Pair> Pairs =
        from texts in Gen.Select(Gen.Int[0, 150_000], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[1, 64_000])
        from flags in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool)
        from uses in Gen.Select(Gen.Int[0, 4], Gen.Int[0, 4])
        from tiers in Gen.Select(OneOf("", "fast", "standard"), OneOf("", "us", "global"))
        from shares in Gen.Int[0, 1000].Array[8]
        select new Pair(texts.Item1, texts.Item2, texts.Item3, flags.Item1, flags.Item2, uses.Item1, uses.Item2, texts.Item4, flags.Item3, tiers.Item1, tiers.Item2, shares);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    [Fact]
    public void The_bound_is_never_less_than_what_is_settled() => Pairs.Sample(pair =>
    {
        var body = RequestOf(pair);
        var (call, refusal) = ClaudeCall.Bound(body);
        refusal.Should().BeNull(refusal?.Message);

        var reading = ClaudeCall.Meter(call, "application/json", Encoding.UTF8.GetBytes(ClaudeAnswers.Message(AnswerTo(pair))));
        var settled = ClaudeCall.Settle(call, reading);

        settled.IsEstimated.Should().BeFalse();
        settled.Cost.Value.Should().BeLessThanOrEqualTo(call.Amount.Value);
    }, iter: 3_000);

    [Fact]
    public void The_bound_of_plain_text_is_reached_by_text_of_one_token_a_byte()
    {
        var body = ClaudeCall.Body("\"inference_geo\":\"global\"", new string('x', 2_000));
        var (call, _) = ClaudeCall.Bound(body);
        var bytes = Encoding.UTF8.GetByteCount(body);

        var reading = ClaudeCall.Meter(call, "application/json", Encoding.UTF8.GetBytes(ClaudeAnswers.Message(
            $"\"input_tokens\":0,\"cache_creation_input_tokens\":{bytes + 64},\"output_tokens\":100,\"service_tier\":\"standard\"")));

        ClaudeCall.Settle(call, reading).Cost.Should().Be(call.Amount);
    }

    private static string RequestOf(Pair pair)
    {
        var blocks = new List<string> { $"{{\"type\":\"text\",\"text\":\"{new string('x', pair.TextBytes)}\"}}" };
        // One colour packs a large area into a few bytes; a photograph does not.
        blocks.AddRange(Enumerable.Repeat("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AA==\"}}", pair.Images));
        blocks.AddRange(Enumerable.Repeat($"{{\"type\":\"image\",\"source\":{{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"{new string('A', 50_000)}\"}}}}", pair.BigImages));
        if (pair.HasDocument) blocks.Add("{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"AAAA\"}}");
        var tools = new List<string>();
        if (pair.HasBash) tools.Add("{\"type\":\"bash_20250124\",\"name\":\"bash\"}");
        if (pair.Searches > 0) tools.Add($"{{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":{pair.Searches}}}");
        if (pair.Fetches > 0) tools.Add($"{{\"type\":\"web_fetch_20250910\",\"name\":\"web_fetch\",\"max_uses\":{pair.Fetches}}}");
        var more = new List<string> { $"\"tools\":[{string.Join(',', tools)}]" };
        if (pair.IsHourLong) more.Add("\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}");
        if (pair.Speed.Length > 0) more.Add($"\"speed\":\"{pair.Speed}\"");
        if (pair.Geo.Length > 0) more.Add($"\"inference_geo\":\"{pair.Geo}\"");
        return ClaudeCall.Content(string.Join(',', blocks), string.Join(',', more)).Replace("\"max_tokens\":100", $"\"max_tokens\":{pair.MaxTokens}", StringComparison.Ordinal);
    }

    /// <summary>The usage of a provider that keeps to its documentation: a token a byte at most, and no pass beyond the window.</summary>
    private static string AnswerTo(Pair pair)
    {
        var passes = 1 + pair.Searches + pair.Fetches;
        long visible = pair.TextBytes + 20 + (pair.Images + pair.BigImages) * 4784
            // The dearest model and choice of Anthropic's table.
            + (pair.HasBash || passes > 1 ? 804 : 0) + (pair.HasBash ? 325 : 0);
        var ofOnePass = pair.HasDocument || passes > 1 ? ClaudeCall.Window : Math.Min(visible, ClaudeCall.Window);
        var input = Math.Max(1, Part(ofOnePass * passes, 0));
        var read = Part(input, 1);
        var written = Part(input - read, 2);
        var hourLong = pair.IsHourLong ? Part(written, 3) : 0;
        var output = Part((long)pair.MaxTokens * passes, 4);
        var geo = pair.Geo.Length > 0 ? pair.Geo : pair.Shares[7] < 500 ? "us" : "global";
        var speed = pair.Speed == "fast" && pair.Shares[6] < 700 ? "fast" : "standard";
        return $"\"input_tokens\":{input - read - written},\"cache_read_input_tokens\":{read},\"cache_creation_input_tokens\":{written},"
            + $"\"cache_creation\":{{\"ephemeral_5m_input_tokens\":{written - hourLong},\"ephemeral_1h_input_tokens\":{hourLong}}},\"output_tokens\":{output},"
            + $"\"server_tool_use\":{{\"web_search_requests\":{Part(pair.Searches, 5)}}},\"service_tier\":\"standard\",\"inference_geo\":\"{geo}\",\"speed\":\"{speed}\"";

        long Part(long whole, int share) => pair.Shares[share] > 900 ? whole : whole * pair.Shares[share] / 1000;
    }
}
