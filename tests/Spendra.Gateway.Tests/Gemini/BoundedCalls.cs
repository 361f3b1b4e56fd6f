using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Gemini;

internal static class BoundedCalls
{
    private static readonly KeyToken Key = KeyToken.Create(KeyMode.Live, Guid.CreateVersion7(), new byte[KeyToken.SecretBytes]);

    /// <summary>A call with its bound; null when it is refused for want of one.</summary>
    public static GovernedCall? Bound(RequestFacts facts, PriceVersion price)
    {
        var call = GeminiExchange.Call("google.generate");
        call.Token = Key;
        call.Facts = facts;
        call.Snapshot = new GovernanceSnapshot(RowsWith(price));
        call.Standing = new KeyStanding(null!, [], []);
        call.Shape = new RequestShape { Provider = price.Provider, Model = price.Model, Tools = facts.Tools };
        return Bounding.Bound(call, new GatewayOptions(), atMicros: 1) is null ? call : null;
    }

    private static GovernanceRows RowsWith(PriceVersion price) => new()
    {
        OrganizationId = Guid.Empty,
        Slug = "o",
        Epoch = 1,
        Scopes = new Dictionary<Guid, Scope>(),
        Budgets = new Dictionary<Guid, Core.Budgets.Budget>(),
        Policies = new Dictionary<Guid, Policy>(),
        Keys = new Dictionary<Guid, ScopedKey>(),
        KeyDigests = new Dictionary<Guid, byte[]>(),
        Accounts = new Dictionary<Guid, ProviderAccount>(),
        Prices = new Dictionary<Guid, PriceVersion> { [price.PriceId] = price },
    };
}
