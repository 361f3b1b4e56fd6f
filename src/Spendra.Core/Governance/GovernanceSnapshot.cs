using System.Collections.Concurrent;
using System.Collections.Frozen;
using Spendra.Core.Budgets;
using Spendra.Core.Keys;
using Spendra.Core.Pricing;

namespace Spendra.Core.Governance;

/// <summary>
/// Everything that decides a request of one organization, as of one governance epoch. Immutable; a change makes
/// a new snapshot with a greater epoch.
/// </summary>
public sealed class GovernanceSnapshot
{
    private readonly ConcurrentDictionary<Guid, KeyStanding?> _standings = new();
    private readonly ILookup<Guid, Policy> _policiesByScope;
    private readonly HashSet<Guid> _hardCapped;

    public GovernanceSnapshot(GovernanceRows rows)
    {
        Rows = rows;
        Scopes = new ScopeTree(rows.OrganizationId, rows.Scopes.Values);
        Prices = new PriceBook(rows.Prices.Values);
        Accounts = [.. rows.Accounts.Values.OrderBy(a => a.AccountId)];
        _policiesByScope = rows.Policies.Values.OrderBy(p => p.PolicyId).ToLookup(p => p.ScopeId);
        _hardCapped = [.. from p in rows.Policies.Values
                          where p.Kind == PolicyKind.HardCap && p.BudgetId is not null
                          select p.BudgetId!.Value];
    }

    /// <summary>The rows that this snapshot was made of; the next one is made of them and what changed since.</summary>
    public GovernanceRows Rows { get; }

    public Guid OrganizationId => Rows.OrganizationId;

    public long Epoch => Rows.Epoch;

    public ScopeTree Scopes { get; }

    public PriceBook Prices { get; }

    /// <summary>Provider accounts in order of creation.</summary>
    public IReadOnlyList<ProviderAccount> Accounts { get; }

    public ScopedKey? FindKey(Guid keyId) => Rows.Keys.GetValueOrDefault(keyId);

    public Budget? FindBudget(Guid budgetId) => Rows.Budgets.GetValueOrDefault(budgetId);

    /// <summary>The account that serves a provider: the oldest one, or null when there is none.</summary>
    public ProviderAccount? AccountFor(string provider)
    {
        foreach (var account in Accounts)
        {
            if (account.Provider == provider) return account;
        }
        return null;
    }

    /// <summary>
    /// True when a hard cap points at the budget. Such a budget counts exactly the requests that its hard caps
    /// apply to; soft caps and alerts on it watch that same count.
    /// </summary>
    public bool IsHardCapped(Guid budgetId) => _hardCapped.Contains(budgetId);

    /// <summary>The key with its scopes and their policies; null when its actor or project is gone.</summary>
    public KeyStanding? StandingOf(ScopedKey key) =>
        _standings.GetOrAdd(key.KeyId, static (_, a) => a.Snapshot.MakeStanding(a.Key), (Snapshot: this, Key: key));

    private KeyStanding? MakeStanding(ScopedKey key)
    {
        if (Scopes.Resolve(key.ActorId, key.ProjectId) is not { } scopes) return null;
        Policy[] policies = [.. scopes.SelectMany(s => _policiesByScope[s.ScopeId])];
        return new KeyStanding(key, scopes, policies);
    }
}

/// <summary>A key as it stands in a snapshot: whom it speaks for and what rules that.</summary>
public sealed record KeyStanding(ScopedKey Key, Scope[] Scopes, Policy[] Policies)
{
    public Guid[] ScopeIds { get; } = [.. Scopes.Select(s => s.ScopeId)];
}

/// <summary>A secret that a newer one has replaced.</summary>
/// <param name="Digest">HMAC of the secret.</param>
/// <param name="Until">Microseconds since the Unix epoch from which on it is refused.</param>
public sealed record PreviousSecret(byte[] Digest, long Until)
{
    public bool IsGoodAt(long atMicros) => atMicros < Until;

    public override string ToString() => "[redacted]";
}

/// <summary>The rows behind a snapshot, by id, without what is archived. Revoked keys stay, to be named as such.</summary>
public sealed record GovernanceRows
{
    public required Guid OrganizationId { get; init; }

    public required string Slug { get; init; }

    public required long Epoch { get; init; }

    public required IReadOnlyDictionary<Guid, Scope> Scopes { get; init; }

    public required IReadOnlyDictionary<Guid, Budget> Budgets { get; init; }

    public required IReadOnlyDictionary<Guid, Policy> Policies { get; init; }

    public required IReadOnlyDictionary<Guid, ScopedKey> Keys { get; init; }

    /// <summary>HMAC of each key's secret; kept apart from the keys so that no key record carries it along.</summary>
    public required IReadOnlyDictionary<Guid, byte[]> KeyDigests { get; init; }

    /// <summary>Of keys that were rotated: the secret before, which is good for a time.</summary>
    public IReadOnlyDictionary<Guid, PreviousSecret> PreviousSecrets { get; init; } = FrozenDictionary<Guid, PreviousSecret>.Empty;

    public required IReadOnlyDictionary<Guid, ProviderAccount> Accounts { get; init; }

    public required IReadOnlyDictionary<Guid, PriceVersion> Prices { get; init; }
}
