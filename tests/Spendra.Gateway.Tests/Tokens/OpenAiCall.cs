using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Tokens;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>A call in OpenAI's formats without a network: read, bounded, tightened, metered and priced by the same code.</summary>
internal static class OpenAiCall
{
    public const long Window = 400_000;

    private static readonly Guid Org = new("00000000-0000-8000-8000-000000000001");

    /// <summary>Above 2,000 tokens of input everything is twice as dear, so that the band that is chosen matters.</summary>
    public static PriceVersion PriceOf(string model) => new()
    {
        PriceId = new Guid("00000000-0000-8000-8000-000000000002"),
        Provider = KnownProvider.OpenAi,
        Model = model,
        Rates = Card(1),
        LongContext = new ContextBand(2_000, Card(2)),
        ContextWindow = Window,
        MaxOutput = 32_000,
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "test",
    };

    public static GovernedCall Bound(string routeName, string body, string model)
    {
        var route = ProviderList.Routes.Single(r => r.Name == routeName && r.Provider.Name == KnownProvider.OpenAi);
        var call = new GovernedCall(new DefaultHttpContext(), route, Guid.NewGuid());
        Intake.ReadBody(call, Encoding.UTF8.GetBytes(body)).Should().BeNull();
        var key = new ScopedKey { KeyId = Guid.NewGuid(), Slug = "k1", Mode = KeyMode.Live, ActorId = Org };
        call.Token = KeyToken.Create(KeyMode.Live, key.KeyId, new byte[KeyToken.SecretBytes]);
        call.Snapshot = Snapshot(PriceOf(model));
        call.Standing = new KeyStanding(key, [], []);
        Intake.Outline(call);
        call.Account = new ProviderAccount
        {
            AccountId = Org, Slug = "main", Provider = KnownProvider.OpenAi, BaseUrl = "https://provider.invalid",
            CredentialKind = CredentialKind.Environment, Credential = [], Settings = new AccountSettings { CountsTokens = false },
        };
        Bounding.Bound(call, new GatewayOptions(), atMicros: 1).Should().BeNull();
        return call;
    }

    /// <summary>The call's bound after a refusal for its size.</summary>
    public static async Task<NanoUsd> TightenAsync(GovernedCall call)
    {
        // Without a count at the provider nothing of the gateway's parts is used.
        if (await Tightening.TryAsync(call, null!, new Refusal(RefusalCode.RequestLimitExceeded, "too large")))
            Bounding.Bound(call, new GatewayOptions(), atMicros: 1).Should().BeNull();
        return call.Amount;
    }

    /// <summary>What a call costs whose answer tells this usage.</summary>
    public static Settlement Settle(GovernedCall call, string usage)
    {
        using var meter = OpenAiDialect.Instance.MakeMeter(call, "application/json", maxEventBytes: 1 << 20);
        var output = new ArrayBufferWriter<byte>();
        meter.Pass(Encoding.UTF8.GetBytes($"{{\"id\":\"x\",\"model\":\"{call.Facts.Model}\",\"usage\":{usage}}}"), output);
        meter.End(output);
        var terms = new BoundTerms(call.Price!.PriceId, call.Amount, call.TierPercent, call.Bound.Input, call.Bound.Output) { ReservedAt = 1 };
        return SettlementPricing.Of(terms, call.Price, call.Snapshot.Prices, null, meter.Reading, 200, null);
    }

    private static RateCard Card(long factor) => new(Nanos(1000 * factor), Nanos(100 * factor), Nanos(1250 * factor), Nanos(5000 * factor));

    private static Rate Nanos(long perUnit) => new(perUnit * Rate.UnitsPerRate);

    private static GovernanceSnapshot Snapshot(PriceVersion price) => PricedSnapshot.Of(Org, [price]);
}
