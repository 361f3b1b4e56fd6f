using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Mcp;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Units;

/// <summary>What clients get of a server's answers: everything byte for byte but what governance adds or cuts.</summary>
public sealed class McpMetersTests
{
    private const string Id = "01930000-0000-7000-8000-000000000001";
    private const string Ours = $"\"spendra/cost_usd\":\"0.01\",\"spendra/request_id\":\"{Id}\"";

    private static ToolCallAnswer CallAnswer() => new(new GovernedCall(
        new DefaultHttpContext(), ProviderList.Routes.First(r => r.Name == "mcp"), Guid.Parse(Id))
    {
        Token = KeyToken.Create(KeyMode.Live, Guid.CreateVersion7(), new byte[32]),
        Amount = new NanoUsd(10_000_000),
        Price = new PriceVersion
        {
            PriceId = Guid.CreateVersion7(), Provider = "mcp", Model = "s/t", Rates = ToolPrice.CardOf(new NanoUsd(10_000_000)),
            EffectiveFrom = 0, RecordedAt = 0, Source = "test",
        },
    });

    private static ToolListAnswer ListAnswer() => new(name => name is "a" or "ü");

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{"content":[] , "isError":false}}""", """{"jsonrpc":"2.0","id":1,"result":{"_meta":{OURS},"content":[] , "isError":false}}""")]
    [InlineData("""{"result": { } ,"id":"x"}""", """{"result": {"_meta":{OURS} } ,"id":"x"}""")]
    [InlineData("""{"result":{"_meta":{"a": 1},"content":[{"text":"é\u00e9\\ }"}]}}""", """{"result":{"_meta":{OURS,"a": 1},"content":[{"text":"é\u00e9\\ }"}]}}""")]
    [InlineData("""{"result":{"_meta":{ }}}""", """{"result":{"_meta":{OURS }}}""")]
    [InlineData("""{"result":{"_meta":{"x":[1 ,2],"Spendra/cost_usd":"0","y":{}}}}""", """{"result":{"_meta":{OURS,"x":[1 ,2],"y":{}}}}""")]
    [InlineData("""{"result":{"_meta":7}}""", """{"result":{"_meta":7}}""")]
    [InlineData("""{"result":[1]}""", """{"result":[1]}""")]
    [InlineData("""{"error":{"code":-32602,"message":"no"}}""", """{"error":{"code":-32602,"message":"no"}}""")]
    [InlineData("""{"method":"elicitation/create","id":1,"params":{}}""", """{"method":"elicitation/create","id":1,"params":{}}""")]
    [InlineData("""not json""", """not json""")]
    public void Cost_and_id_go_into_the_result_and_nothing_else_changes(string given, string expected) =>
        ThroughBody(CallAnswer(), given).Should().Be(expected.Replace("OURS", Ours));

    [Theory]
    [InlineData("""{"result":{}}""", false, true)]
    [InlineData("""{"error":{"code":-32601}}""", true, false)]
    [InlineData("""{"error":{"code":-32000}}""", false, false)]
    [InlineData("""{"error":{"code":"-32602"}}""", false, false)]
    [InlineData("""{"error":{"code":-32602,"code":-32602}}""", false, false)]
    [InlineData("""{"error":null}""", false, false)]
    [InlineData("""{"jsonrpc":"2.0"}""", false, false)]
    [InlineData("""{"result":{},"result":{}}""", false, false)]
    public void What_is_owed_follows_from_the_answer(string given, bool isRefusal, bool isUsed)
    {
        using var meter = new McpBodyMeter(CallAnswer());
        meter.Hold(Encoding.UTF8.GetBytes(given));

        meter.Finish();

        meter.Reading.IsRefusal.Should().Be(isRefusal);
        (meter.Reading.Usage is not null).Should().Be(isUsed);
    }

    [Theory]
    [InlineData("data: {\"error\":{\"code\":-32602}}\n\ndata: {\"result\":{}}\n\n")]
    [InlineData("data: {\"result\":{}}\n\ndata: {\"error\":{\"code\":-32602}}\n\n")]
    public void A_refusal_beside_a_result_does_not_make_the_result_free(string stream)
    {
        using var meter = new McpStreamMeter(CallAnswer(), 1000);

        Pass(meter, Encoding.UTF8.GetBytes(stream), []);

        meter.Reading.IsRefusal.Should().BeFalse();
        meter.Reading.Usage.Should().Be(ToolPrice.OneCall);
    }

    [Fact]
    public void A_refusal_beside_another_error_is_in_doubt()
    {
        using var meter = new McpStreamMeter(CallAnswer(), 1000);

        Pass(meter, "data: {\"error\":{\"code\":-32000}}\n\ndata: {\"error\":{\"code\":-32602}}\n\n"u8.ToArray(), []);

        meter.Reading.IsRefusal.Should().BeFalse();
    }

    [Theory]
    [InlineData("""{"id":1,"result":{"tools":[{"name":"a","x":[1 , 2]} , {"name":"b"},{"name":"\u00fc"}],"nextCursor":"c"}}""", """{"id":1,"result":{"tools":[{"name":"a","x":[1 , 2]},{"name":"\u00fc"}],"nextCursor":"c"}}""")]
    [InlineData("""{"result":{"tools":[ {"name":"a"} ]}}""", """{"result":{"tools":[ {"name":"a"} ]}}""")]
    [InlineData("""{"result":{"tools":[{"name":"b"}]}}""", """{"result":{"tools":[]}}""")]
    [InlineData("""{"result":{"tools":[{"name":"a","Name":"b"},{"title":"a"},7,"a"]}}""", """{"result":{"tools":[]}}""")]
    [InlineData("""{"error":{"code":-32601}}""", """{"error":{"code":-32601}}""")]
    [InlineData("""{"result":{"tools":[],"tools":[{"name":"b"}]}}""", null)]
    [InlineData("""{"result":{"tools":{"name":"b"}}}""", null)]
    [InlineData("garbage", null)]
    public void A_list_is_cut_to_what_may_be_called(string given, string? expected) =>
        ThroughBody(ListAnswer(), given).Should().Be(expected);

    [Fact]
    public void Events_are_changed_wherever_the_network_cuts_them()
    {
        const string stream = ": hello\n\nevent: message\nid: 7\ndata: {\"method\":\"notifications/progress\"}\n\n"
            + "event: message\r\nid: 8\r\ndata: {\"id\":1,\r\ndata:  \"result\":{\"é\":1}}\r\n\r\ndata: tail";
        const string expected = ": hello\n\nevent: message\nid: 7\ndata: {\"method\":\"notifications/progress\"}\n\n"
            + "event: message\nid: 8\ndata: {\"id\":1,\ndata:  \"result\":{\"_meta\":{" + Ours + "},\"é\":1}}\n\ndata: tail";
        var bytes = Encoding.UTF8.GetBytes(stream);
        for (var at = 0; at <= bytes.Length; at++)
        {
            using var meter = new McpStreamMeter(CallAnswer(), 1000);
            Pass(meter, bytes, [at]).Should().Be(expected, $"cut at {at}");
            meter.Reading.Usage.Should().Be(ToolPrice.OneCall);
        }
    }

    [Fact]
    public void A_list_that_comes_as_events_is_cut_and_what_cannot_be_read_is_kept_back()
    {
        const string stream = "data: {\"result\":{\"tools\":[{\"name\":\"b\"},{\"name\":\"a\"}]}}\n\ndata: garbage\n\n: ping\n\n";
        using var meter = new McpStreamMeter(ListAnswer(), 1000);

        Pass(meter, Encoding.UTF8.GetBytes(stream), []).Should().Be("data: {\"result\":{\"tools\":[{\"name\":\"a\"}]}}\n\n: ping\n\n");
    }

    [Fact]
    public void An_event_that_is_too_large_passes_unread_but_not_as_a_list()
    {
        var stream = Encoding.UTF8.GetBytes("data: {\"result\":{\"tools\":[{\"name\":\"b\"}]}}\n\n");
        using var call = new McpStreamMeter(CallAnswer(), 20);
        using var list = new McpStreamMeter(ListAnswer(), 20);

        Pass(call, stream, [30]).Should().Be(Encoding.UTF8.GetString(stream));
        Pass(list, stream, [30]).Should().BeEmpty();
        call.Reading.Usage.Should().BeNull();
    }

    private static string? ThroughBody(McpAnswer answer, string given)
    {
        using var meter = new McpBodyMeter(answer);
        meter.Hold(Encoding.UTF8.GetBytes(given));
        return meter.Finish() is { } body ? Encoding.UTF8.GetString(body.Span) : null;
    }

    private static string Pass(McpStreamMeter meter, byte[] bytes, IEnumerable<int> cuts)
    {
        var output = new ArrayBufferWriter<byte>();
        var at = 0;
        foreach (var cut in cuts)
        {
            meter.Pass(bytes.AsSpan(at, cut - at), output);
            at = cut;
        }
        meter.Pass(bytes.AsSpan(at), output);
        meter.End(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
