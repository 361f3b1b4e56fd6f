using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Tests.ServerTools;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>Prompts that OpenAI caches for twelve hours: writing them has a rate of its own, which is held and settled.</summary>
public sealed class LongCacheTests
{
    // In nano-USD per token: input 1000, cached 100, a write 1250, one for twelve hours 2500, output 2000.
    private static readonly PriceVersion Price = ToolCall.Price with
    {
        Rates = ToolCall.Price.Rates with { Others = default(UnitMap<Rate>).With(UnitClass.CacheWriteLong, new Rate(2500 * Rate.UnitsPerRate)) },
    };

    private const string LongBlock = "\"prompt_cache_breakpoint\":{\"mode\":\"explicit\",\"ttl\":\"12h\"}";

    private static string Response(string more = "", string block = "") =>
        $$"""{"model":"{{ToolCall.Model}}","max_output_tokens":100,{{more}}"input":[{"role":"user","content":[{"type":"input_text","text":"Hi"{{(block.Length > 0 ? "," + block : "")}}}]}]}""";

    private static string Chat(string more = "", string block = "") =>
        $$"""{"model":"{{ToolCall.Model}}","max_completion_tokens":100,{{more}}"messages":[{"role":"user","content":[{"type":"text","text":"Hi"{{(block.Length > 0 ? "," + block : "")}}}]}]}""";

    public static TheoryData<string, long> Bodies() => new()
    {
        { Response(), 1250 },
        { Response("\"prompt_cache_options\":null,"), 1250 },
        { Response("\"prompt_cache_options\":{\"ttl\":\"30m\"},", "\"prompt_cache_breakpoint\":{\"mode\":\"explicit\",\"ttl\":\"30m\"}"), 1250 },
        { Response("\"prompt_cache_options\":{\"ttl\":null,\"mode\":\"explicit\"},", "\"prompt_cache_breakpoint\":{\"mode\":\"explicit\"}"), 1250 },
        { Response(block: "\"prompt_cache_breakpoint\":null"), 1250 },
        { Response("\"metadata\":{\"prompt_cache_options\":\"12h\"},"), 1250 },
        { Response("\"prompt_cache_options\":{\"ttl\":\"12h\"},"), 2500 },
        { Response("\"prompt_cache_options\":{\"mode\":\"implicit\",\"t\\u0074l\":\"12h\"},"), 2500 },
        { Response(block: LongBlock), 2500 },
        { Chat("\"prompt_cache_options\":{\"ttl\":\"12h\"},"), 2500 },
        { Chat(block: LongBlock), 2500 },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void The_dearest_write_that_may_happen_is_held(string body, long rate)
    {
        var (call, refusal) = ToolCall.Bound(body, body.Contains("messages") ? ToolCall.Chat : ToolCall.Responses, Price);

        refusal.Should().BeNull();
        call.Amount.Value.Should().Be((body.Length + 64) * rate + 100 * 2000);
    }

    [Theory]
    [InlineData("\"prompt_cache_options\":{\"ttl\":\"12h\"},", "", "no rate")]
    [InlineData("", LongBlock, "no rate")]
    public void A_model_without_a_rate_for_it_is_refused(string more, string block, string why) =>
        ShouldBeRefused(Response(more, block), ToolCall.Price, why);

    [Theory]
    [InlineData("\"prompt_cache_options\":{\"ttl\":\"24h\"},", "", "'12h'")]
    [InlineData("\"prompt_cache_options\":{\"ttl\":43200},", "", "'12h'")]
    [InlineData("", "\"prompt_cache_breakpoint\":{\"ttl\":\"1h\"}", "'12h'")]
    [InlineData("\"background\":true,\"prompt_cache_options\":{\"ttl\":\"12h\"},", "", "background")]
    public void A_time_whose_cost_is_not_known_is_refused(string more, string block, string why) =>
        ShouldBeRefused(Response(more, block), Price, why);

    [Theory]
    // 30·1000 + 40·100 + 5·1250 + 25·2500 + 10·2000
    [InlineData("\"cached_tokens\":40,\"cache_write_tokens\":5,\"cache_write_12h_tokens\":25", 30, 40, 5, 25, 122_750)]
    // Without a word of how long, the longest time that was asked for: 30·1000 + 40·100 + 30·2500 + 10·2000
    [InlineData("\"cached_tokens\":40,\"cache_write_tokens\":30", 30, 40, 0, 30, 129_000)]
    [InlineData("\"cached_tokens\":40,\"cache_write_tokens\":30,\"cache_write_12h_tokens\":null", 30, 40, 0, 30, 129_000)]
    // 30·1250
    [InlineData("\"cached_tokens\":40,\"cache_write_tokens\":30,\"cache_write_12h_tokens\":0", 30, 40, 30, 0, 91_500)]
    public void What_was_written_for_twelve_hours_is_settled_at_its_rate(string details, long input, long cached, long written, long writtenLong, long nanos)
    {
        foreach (var isStream in new[] { false, true })
        {
            var settled = Settle(LongBlock, details, isStream);

            settled.IsEstimated.Should().BeFalse();
            settled.Usage.Should().Be(new Usage { Input = input, CachedInput = cached, CacheWrite = written, Output = 10 }.Plus(UnitClass.CacheWriteLong, writtenLong));
            settled.Cost.Value.Should().Be(nanos);
        }
    }

    [Fact]
    public void A_write_that_nobody_asked_to_be_long_is_a_short_one() =>
        Settle("", "\"cached_tokens\":40,\"cache_write_tokens\":30", isStream: false).Cost.Value.Should().Be(91_500);

    [Theory]
    [InlineData("\"cached_tokens\":40,\"cache_write_tokens\":30,\"cache_write_12h_tokens\":31")]
    [InlineData("\"cache_write_12h_tokens\":-1")]
    [InlineData("\"cache_write_12h_tokens\":\"1\"")]
    [InlineData("\"cached_tokens\":9223372036854775807,\"cache_write_12h_tokens\":9223372036854775807")]
    public void Parts_that_contradict_the_input_are_no_usage(string details) => Settle(LongBlock, details, isStream: false).IsEstimated.Should().BeTrue();

    [Fact]
    public void A_response_to_compare_caches_with_must_be_the_callers_and_brings_no_content()
    {
        var (call, refusal) = ToolCall.Bound(Response("\"prompt_cache_options\":{\"comparison_response_id\":\"resp_1\"},"), price: Price);

        refusal.Should().BeNull();
        call.Facts.References.Should().Equal(new ObjectReference(ObjectKind.Response, "resp_1"));
        call.Facts.HasUnseenContent.Should().BeFalse();
    }

    private static Settlement Settle(string block, string details, bool isStream)
    {
        var (call, _) = ToolCall.Bound(Response(isStream ? "\"stream\":true," : "", block), price: Price);
        var answer = ToolCall.Answer("", $"\"input_tokens\":100,\"output_tokens\":10,\"input_tokens_details\":{{{details}}}");
        return ToolCall.Settle(call, isStream ? ToolCall.Meter(call, "text/event-stream", ToolCall.Stream(answer)) : ToolCall.Meter(call, "application/json", answer));
    }

    private static void ShouldBeRefused(string body, PriceVersion price, string why)
    {
        var (_, refusal) = ToolCall.Bound(body, price: price);

        refusal!.CodeName.Should().Be("unpriceable_request");
        refusal.Message.Should().Contain(why);
    }
}
