using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.ServerTools;

/// <summary>A call with tools that OpenAI runs, without a network: read, bounded, rewritten, metered and priced by the same code.</summary>
internal static class ToolCall
{
    public const string Model = "m-tools";
    public const long Window = 1_000;

    private static readonly Guid Org = new("00000000-0000-8000-8000-000000000001");

    /// <summary>
    /// In nano-USD per token: input 1000, cached 100, cache write 1250, output 2000. A web search is 10,000,000, one of
    /// the preview 25,000,000, a file search 2,500,000, a session of a container of one gigabyte 30,000,000.
    /// </summary>
    public static readonly PriceVersion Price = new()
    {
        PriceId = new Guid("00000000-0000-8000-8000-000000000002"),
        Provider = KnownProvider.OpenAi,
        Model = Model,
        Rates = new RateCard(Nanos(1000), Nanos(100), Nanos(1250), Nanos(2000))
        {
            Others = default(UnitMap<Rate>).With(UnitClass.WebSearches, Nanos(10_000_000)).With(UnitClass.PreviewSearches, Nanos(25_000_000))
                .With(UnitClass.FileSearches, Nanos(2_500_000)).With(UnitClass.CodeSessions, Nanos(30_000_000)),
        },
        ContextWindow = Window,
        MaxOutput = 500,
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "test",
    };

    /// <summary>
    /// Makes images. In nano-USD per token: text in 5,000 and from a cache 1,250, image in 8,000 and from a cache 2,000,
    /// image out 32,000, text out 10,000.
    /// </summary>
    public static readonly PriceVersion ImagePrice = Price with
    {
        PriceId = new Guid("00000000-0000-8000-8000-000000000003"),
        Model = "gpt-image-1.5",
        Rates = new RateCard(Nanos(5_000), Nanos(1_250), Nanos(5_000), Nanos(10_000))
        {
            Others = default(UnitMap<Rate>).With(UnitClass.ImageInput, Nanos(8_000)).With(UnitClass.CachedImageInput, Nanos(2_000)).With(UnitClass.ImageOutput, Nanos(32_000)),
        },
        ContextWindow = null,
        MaxOutput = 6_240,
    };

    public static GovernedRoute Responses { get; } = Route("responses");

    public static GovernedRoute Chat { get; } = Route("chat.completions");

    public static GovernedRoute Fetch { get; } = Route("responses.get");

    private static GovernedRoute Route(string name) => ProviderList.Routes.Single(r => r.Name == name && r.Provider.Name == KnownProvider.OpenAi);

    public static string Body(string tools, string more = "\"max_output_tokens\":100") =>
        $$"""{"model":"{{Model}}","tools":[{{tools}}],{{(more.Length > 0 ? more + "," : "")}}"input":"Hello there"}""";

    /// <summary>A call that was read and bounded, and the refusal if it has no bound.</summary>
    public static (GovernedCall Call, Refusal? Refusal) Bound(string body, GovernedRoute? route = null, PriceVersion? price = null, GatewayOptions? options = null)
    {
        var call = new GovernedCall(new DefaultHttpContext(), route ?? Responses, Guid.NewGuid());
        Intake.ReadBody(call, Encoding.UTF8.GetBytes(body)).Should().BeNull();
        var key = new ScopedKey { KeyId = Guid.NewGuid(), Slug = "k1", Mode = KeyMode.Live, ActorId = Org };
        call.Token = KeyToken.Create(KeyMode.Live, key.KeyId, new byte[KeyToken.SecretBytes]);
        call.Snapshot = Snapshot(price ?? Price);
        call.Standing = new KeyStanding(key, [], []);
        Intake.Outline(call);
        return (call, Bounding.Bound(call, options ?? new GatewayOptions(), atMicros: 1));
    }

    /// <summary>The body that goes to the provider.</summary>
    public static string Sent(GovernedCall call) => Encoding.UTF8.GetString(OpenAiDialect.Instance.Rewrite(call).Span);

    /// <summary>What a response to a call tells, when it arrives in pieces of so many bytes; it passes unchanged.</summary>
    public static MeterReading Meter(GovernedCall call, string mediaType, string response, int pieceBytes = int.MaxValue)
    {
        using var meter = OpenAiDialect.Instance.MakeMeter(call, mediaType, maxEventBytes: 1 << 20);
        var output = new ArrayBufferWriter<byte>();
        var bytes = Encoding.UTF8.GetBytes(response);
        for (ReadOnlySpan<byte> rest = bytes; rest.Length > 0;)
        {
            var piece = rest[..Math.Min(pieceBytes, rest.Length)];
            meter.Pass(piece, output);
            rest = rest[piece.Length..];
        }
        meter.End(output);
        output.WrittenSpan.SequenceEqual(bytes).Should().BeTrue("a response passes byte for byte");
        return meter.Reading;
    }

    public static Settlement Settle(GovernedCall call, MeterReading reading) => SettlementPricing.Of(
        new BoundTerms(Price.PriceId, call.Amount, call.TierPercent, call.Bound.Input, call.Bound.Output) { ReservedAt = 1 },
        call.Price, call.Snapshot.Prices, null, reading, 200, null);

    /// <summary>A response with items before its message.</summary>
    public static string Answer(string items, string usage, string tools = "", string more = "") =>
        $$$"""{"id":"resp_1","object":"response","status":"completed","model":"{{{Model}}}",{{{more}}}"output":[{{{items}}}{{{(items.Length > 0 ? "," : "")}}}{"type":"message","id":"msg_1","content":[{"type":"output_text","text":"{\"type\":\"web_search_call\"}"}]}],"tools":[{{{tools}}}],"usage":{{{{usage}}}}}""";

    public static string Stream(string answer) =>
        $"event: response.created\ndata: {{\"type\":\"response.created\",\"response\":{{\"id\":\"resp_1\",\"output\":[],\"usage\":null}}}}\n\n"
        + "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"web_search_call\",\"action\":{\"type\":\"search\"}}}\n\n"
        + $"event: response.completed\ndata: {{\"type\":\"response.completed\",\"response\":{answer}}}\n\n";

    private static Rate Nanos(long perUnit) => new(perUnit * Rate.UnitsPerRate);

    private static GovernanceSnapshot Snapshot(PriceVersion price) => PricedSnapshot.Of(Org, [price, ImagePrice]);
}
