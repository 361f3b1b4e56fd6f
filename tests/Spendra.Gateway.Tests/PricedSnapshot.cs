using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Tests;

/// <summary>Rules of an organization that has prices and accounts and nothing else, for calls without a network.</summary>
internal static class PricedSnapshot
{
    public static GovernanceSnapshot Of(Guid organizationId, IEnumerable<PriceVersion> prices, params IEnumerable<ProviderAccount> accounts) => new(new GovernanceRows
    {
        OrganizationId = organizationId,
        Slug = "acme",
        Epoch = 1,
        Scopes = new Dictionary<Guid, Scope>(),
        Budgets = new Dictionary<Guid, Core.Budgets.Budget>(),
        Policies = new Dictionary<Guid, Policy>(),
        Keys = new Dictionary<Guid, ScopedKey>(),
        KeyDigests = new Dictionary<Guid, byte[]>(),
        Accounts = accounts.ToDictionary(a => a.AccountId),
        Prices = prices.ToDictionary(p => p.PriceId),
    });
}
