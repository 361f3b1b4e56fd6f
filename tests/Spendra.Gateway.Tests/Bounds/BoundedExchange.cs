using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>
/// A call of any route without a network: read, bounded, rewritten, metered and priced by the gateway's own code. What a
/// provider may answer is the tests' own, from what providers document.
/// </summary>
internal static class BoundedExchange
{
    public const long Window = 400_000;
    public const long MaxOutput = 32_000;

    /// <summary>What a prompt cache costs to write, in per cent of the input.</summary>
    public const int WritePercent = 125;

    private static readonly Guid Org = new("00000000-0000-8000-8000-000000000001");

    public static GovernedRoute Route(string provider, string name, string? pattern = null, string? upstream = null) =>
        ProviderList.Routes.Single(r => r.Provider.Name == provider && r.Name == name && (pattern is null || r.Pattern == pattern)
            && (upstream is null || r.UpstreamPattern == upstream));

    /// <summary>
    /// In nano-USD per token: input 1000, cache read 100, cache write 1250, output 5000. Above 2,000 tokens of input it is
    /// twice as much, and half as much again for output.
    /// </summary>
    public static PriceVersion Price(string provider, string model) => new()
    {
        PriceId = new Guid("00000000-0000-8000-8000-000000000002"),
        Provider = provider,
        Model = model,
        Rates = new RateCard(Nanos(1_000), Nanos(100), Nanos(1_250), Nanos(5_000)),
        LongContext = new ContextBand(2_000, new RateCard(Nanos(2_000), Nanos(200), Nanos(2_500), Nanos(7_500))),
        TierPercents = PriceVersion.NoTiers.Add("flex", 50).Add("priority", 180),
        ContextWindow = Window,
        MaxOutput = MaxOutput,
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "test",
    };

    public static Rate Nanos(long perUnit) => new(perUnit * Rate.UnitsPerRate);

    /// <summary>The call with its bound, or the refusal of what has none.</summary>
    public static (GovernedCall Call, Refusal? Refusal) Bound(
        GovernedRoute route, string body, PriceVersion price, AccountSettings? settings = null, string? modelInPath = null)
    {
        var context = new DefaultHttpContext();
        if (modelInPath is not null) context.Request.RouteValues["model"] = modelInPath;
        var call = new GovernedCall(context, route, Guid.NewGuid());
        Intake.ReadBody(call, Encoding.UTF8.GetBytes(body)).Should().BeNull();
        var key = new ScopedKey { KeyId = Guid.NewGuid(), Slug = "k1", Mode = KeyMode.Live, ActorId = Org };
        call.Token = KeyToken.Create(KeyMode.Live, key.KeyId, new byte[KeyToken.SecretBytes]);
        call.Snapshot = Snapshot(price, settings ?? AccountSettings.None);
        call.Standing = new KeyStanding(key, [], []);
        Intake.Outline(call);
        return (call, Bounding.Bound(call, new GatewayOptions(), atMicros: 1));
    }

    /// <summary>The body that goes to the provider.</summary>
    public static JsonObject Sent(GovernedCall call) => JsonNode.Parse(call.Route.Dialect.Rewrite(call).Span)!.AsObject();

    /// <summary>What is settled after an answer.</summary>
    public static Settlement Settle(GovernedCall call, string answer)
    {
        using var meter = call.Route.Dialect.MakeMeter(call, "application/json", maxEventBytes: 1 << 20);
        var output = new ArrayBufferWriter<byte>();
        meter.Pass(Encoding.UTF8.GetBytes(answer), output);
        meter.End(output);
        var terms = new BoundTerms(call.Price!.PriceId, call.Amount, call.TierPercent, call.Bound.Input, call.Bound.Output) { ReservedAt = 1 };
        return SettlementPricing.Of(terms, call.Price, call.Snapshot.Prices, call.Account, meter.Reading, 200, null);
    }

    /// <summary>The claim of all these tests: the answer is known, and costs no more than was held for it.</summary>
    public static void ShouldCover(GovernedCall call, string answer)
    {
        var settled = Settle(call, answer);
        settled.IsEstimated.Should().BeFalse(answer);
        settled.Cost.Should().BeLessThanOrEqualTo(call.Amount, $"{call.Basis}, {call.Bound}, {call.TierPercent} %: {answer}");
    }

    private static GovernanceSnapshot Snapshot(PriceVersion price, AccountSettings settings)
    {
        var account = new ProviderAccount
        {
            AccountId = Org, Slug = "main", Provider = price.Provider, BaseUrl = "https://provider.invalid",
            CredentialKind = CredentialKind.Environment, Credential = [], Settings = settings,
        };
        return PricedSnapshot.Of(Org, [price], account);
    }
}
