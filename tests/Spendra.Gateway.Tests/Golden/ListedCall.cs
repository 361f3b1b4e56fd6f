using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;
using Spendra.Storage.Pricing;

namespace Spendra.Gateway.Tests.Golden;

/// <summary>
/// A call at any door without a network, at the prices that every new organization starts with: read, bounded, metered
/// and settled by the gateway's own code.
/// </summary>
internal static class ListedCall
{
    /// <summary>Azure's deployment, of whichever model a call is for.</summary>
    public const string Deployment = "prod";

    private static readonly Guid Org = new("00000000-0000-8000-8000-000000000001");

    /// <summary>The list prices, as the price book of a new organization has them.</summary>
    public static ImmutableArray<PriceVersion> Listed { get; } = [.. PriceCatalog.Seed(recordedAt: 0)];

    /// <param name="door">One of <see cref="Doors"/>, for the stream if it is one.</param>
    /// <param name="model">By its id in the price book, without a publisher where the provider adds it.</param>
    /// <param name="body">The request.</param>
    /// <param name="day">The day of the call, as <c>2026-11-20</c>.</param>
    /// <param name="ratePercent">What the account costs.</param>
    public static (GovernedCall Call, Refusal? Refusal) Bound(
        string door, string model, string body, string day = "2026-11-20", int ratePercent = 100) =>
        Bound(door, model, Encoding.UTF8.GetBytes(body), contentType: null, Listed, day, ratePercent);

    /// <summary>The same with a body of any type, at any prices.</summary>
    public static (GovernedCall Call, Refusal? Refusal) Bound(
        string door, string model, byte[] body, string? contentType, IEnumerable<PriceVersion> prices, string day = "2026-11-20", int ratePercent = 100)
    {
        var route = Doors.Route(door);
        var isAzure = route.Provider.Name == KnownProvider.Azure;
        var call = new GovernedCall(new DefaultHttpContext(), route, Guid.NewGuid());
        call.Context.Request.RouteValues["model"] = isAzure ? Deployment : model;
        call.Context.Request.ContentType = contentType;
        Intake.ReadBody(call, body).Should().BeNull();
        var key = new ScopedKey { KeyId = Guid.NewGuid(), Slug = "k1", Mode = KeyMode.Live, ActorId = Org };
        call.Token = KeyToken.Create(KeyMode.Live, key.KeyId, new byte[KeyToken.SecretBytes]);
        call.Standing = new KeyStanding(key, [], []);
        call.DecidedAt = MicrosOf(day);
        call.Snapshot = Snapshot(prices, new ProviderAccount
        {
            AccountId = Org, Slug = "main", Provider = route.Provider.Name, BaseUrl = "https://provider.invalid",
            CredentialKind = CredentialKind.Environment, Credential = [],
            Settings = new AccountSettings { Deployments = AccountSettings.NoDeployments.Add(Deployment, model), RatePercent = ratePercent },
        });
        Intake.Outline(call);
        return (call, Bounding.Bound(call, new GatewayOptions(), call.DecidedAt));
    }

    /// <summary>What an answer tells that comes in the given pieces; what went out is compared by the caller.</summary>
    public static (MeterReading Reading, byte[] Out) Meter(GovernedCall call, string mediaType, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        using var meter = call.Route.Dialect.MakeMeter(call, mediaType, maxEventBytes: 1 << 20);
        var output = new ArrayBufferWriter<byte>();
        meter.Pass(first, output);
        meter.Pass(second, output);
        meter.End(output);
        return (meter.Reading, output.WrittenSpan.ToArray());
    }

    public static Settlement Settle(GovernedCall call, MeterReading reading) => SettlementPricing.Of(
        new BoundTerms(call.Price!.PriceId, call.Amount, call.TierPercent, call.Bound.Input, call.Bound.Output) { ReservedAt = call.DecidedAt },
        call.Price, call.Snapshot.Prices, call.Account, reading, 200, null);

    /// <summary><c>input,cached,written,output,reasoning</c> and the other units.</summary>
    public static string Show(Usage usage) =>
        $"{usage.Input},{usage.CachedInput},{usage.CacheWrite},{usage.Output},{usage.ReasoningWithinOutput}" + (usage.Others.IsEmpty ? "" : $"; {usage.Others}");

    public static long MicrosOf(string day) =>
        (DateTime.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static GovernanceSnapshot Snapshot(IEnumerable<PriceVersion> prices, ProviderAccount account) => PricedSnapshot.Of(Org, prices, account);
}
