using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>A messages call without a network: read, bounded, metered and priced by the same code.</summary>
internal static class ClaudeCall
{
    public const string Model = "claude-a";
    public const long Window = 200_000;

    private static readonly Guid Org = new("00000000-0000-8000-8000-000000000001");

    /// <summary>
    /// In nano-USD per token: input 1000, cache read 100, cache write 1250, for an hour 2000, output 5000; a search is
    /// 10,000,000. Above 100,000 tokens of input everything is five times as dear.
    /// </summary>
    public static readonly PriceVersion Price = new()
    {
        PriceId = new Guid("00000000-0000-8000-8000-000000000002"),
        Provider = KnownProvider.Anthropic,
        Model = Model,
        Rates = Card(1),
        LongContext = new ContextBand(100_000, Card(5)),
        TierPercents = PriceVersion.NoTiers.Add("fast", 200).Add("us", 110),
        ContextWindow = Window,
        MaxOutput = 64_000,
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "test",
    };

    public static GovernedRoute Messages { get; } = ProviderList.Routes.Single(r => r.Name == "messages");

    public static GovernedRoute Count { get; } = ProviderList.Routes.Single(r => r.Name == "messages.count_tokens");

    public static string Body(string more = "", string text = "Hello there", int maxTokens = 100) =>
        $$"""{"model":"{{Model}}","max_tokens":{{maxTokens}},{{(more.Length > 0 ? more + "," : "")}}"messages":[{"role":"user","content":"{{text}}"}]}""";

    public static string Content(string blocks, string more = "") =>
        $$"""{"model":"{{Model}}","max_tokens":100,{{(more.Length > 0 ? more + "," : "")}}"messages":[{"role":"user","content":[{{blocks}}]}]}""";

    /// <summary>A call whose body was read.</summary>
    public static GovernedCall Read(string body, string? betas = null, GovernedRoute? route = null)
    {
        var call = new GovernedCall(new DefaultHttpContext(), route ?? Messages, Guid.NewGuid());
        if (betas is not null) call.Context.Request.Headers["anthropic-beta"] = betas;
        Intake.ReadBody(call, Encoding.UTF8.GetBytes(body)).Should().BeNull();
        return call;
    }

    /// <summary>A call that was read and bounded, and the refusal if it has no bound.</summary>
    public static (GovernedCall Call, Refusal? Refusal) Bound(string body, string? betas = null, PriceVersion? price = null, GovernedRoute? route = null)
    {
        var call = Read(body, betas, route);
        var key = new ScopedKey { KeyId = Guid.NewGuid(), Slug = "k1", Mode = KeyMode.Live, ActorId = Org };
        call.Token = KeyToken.Create(KeyMode.Live, key.KeyId, new byte[KeyToken.SecretBytes]);
        call.Snapshot = Snapshot(price ?? Price);
        call.Standing = new KeyStanding(key, [], []);
        Intake.Outline(call);
        return (call, Bounding.Bound(call, new GatewayOptions(), atMicros: 1));
    }

    /// <summary>What a response to a call tells, when it arrives in pieces of so many bytes; it passes unchanged.</summary>
    public static MeterReading Meter(GovernedCall call, string mediaType, ReadOnlySpan<byte> response, int pieceBytes = int.MaxValue)
    {
        using var meter = AnthropicDialect.Instance.MakeMeter(call, mediaType, maxEventBytes: 1 << 20);
        var output = new ArrayBufferWriter<byte>();
        for (var rest = response; rest.Length > 0;)
        {
            var piece = rest[..Math.Min(pieceBytes, rest.Length)];
            meter.Pass(piece, output);
            rest = rest[piece.Length..];
        }
        meter.End(output);
        output.WrittenSpan.SequenceEqual(response).Should().BeTrue("a response passes byte for byte");
        return meter.Reading;
    }

    public static Settlement Settle(GovernedCall call, MeterReading reading) => SettlementPricing.Of(
        new BoundTerms(Price.PriceId, call.Amount, call.TierPercent, call.Bound.Input, call.Bound.Output) { ReservedAt = 1 }, call.Price, call.Snapshot.Prices, null, reading, 200, null);

    /// <summary>The classes as the tables write them: input, cache read, cache write, for an hour, output, thinking, searches.</summary>
    public static string Show(Usage usage) => string.Join(',',
        usage.Input, usage.CachedInput, usage.CacheWrite, usage.Others.Find(UnitClass.CacheWriteLong) ?? 0, usage.Output,
        usage.ReasoningWithinOutput, usage.Others.Find(UnitClass.WebSearches) ?? 0);

    private static RateCard Card(long factor) =>
        new(Nanos(1000 * factor), Nanos(100 * factor), Nanos(1250 * factor), Nanos(5000 * factor))
        {
            Others = default(UnitMap<Rate>).With(UnitClass.CacheWriteLong, Nanos(2000 * factor)).With(UnitClass.WebSearches, Nanos(10_000_000)),
        };

    private static Rate Nanos(long perUnit) => new(perUnit * Rate.UnitsPerRate);

    private static GovernanceSnapshot Snapshot(PriceVersion price) => PricedSnapshot.Of(Org, [price]);
}
