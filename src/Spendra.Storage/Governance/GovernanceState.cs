using System.Collections.Immutable;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Governance;

/// <summary>The organization's own settings. <c>TimeZone</c> is the default of new budgets.</summary>
public sealed record OrganizationRow(Guid OrganizationId, string Slug, string Name, string Currency, string TimeZone);

/// <summary>A scope with what only employees have: an address and the projects that their keys may name.</summary>
public sealed record ScopeRow(Scope Scope, bool IsArchived)
{
    public string? Email { get; init; }

    public ImmutableSortedSet<Guid> ProjectIds { get; init; } = [];

    /// <summary>The governance epoch of the last change: the row's version.</summary>
    public long ChangedEpoch { get; init; }

    /// <summary>
    /// Whether a key of this actor may name the project. An employee with declared projects may name only those;
    /// every other actor may name any.
    /// </summary>
    public bool MayName(ScopeRow project) =>
        Scope.Kind != ScopeKind.Employee || ProjectIds.IsEmpty || ProjectIds.Contains(project.Scope.ScopeId);
}

public sealed record BudgetRow(Budget Budget, bool IsArchived)
{
    /// <summary>The governance epoch of the last change: the row's version.</summary>
    public long ChangedEpoch { get; init; }
}

public sealed record PolicyRow(Policy Policy, bool IsArchived)
{
    /// <summary>The governance epoch of the last change: the row's version.</summary>
    public long ChangedEpoch { get; init; }
}

public sealed record AccountRow(ProviderAccount Account, bool IsArchived)
{
    /// <summary>The governance epoch of the last change: the row's version.</summary>
    public long ChangedEpoch { get; init; }
}

/// <summary>A key and its history; never its secret or the secret's digest.</summary>
public sealed record KeyRow(ScopedKey Key, long CreatedAt, string CreatedBy)
{
    /// <summary>When it got its present secret, should that not be its first.</summary>
    public long? RotatedAt { get; init; }

    /// <summary>Until when the secret before the present one is good; null when there was none.</summary>
    public long? PreviousUntil { get; init; }

    /// <summary>The governance epoch of the last change: the row's version.</summary>
    public long ChangedEpoch { get; init; }
}

/// <summary>A rule for self-service.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="IsArchived">It allows and restricts nothing.</param>
/// <param name="Version">Grows with every change of the row.</param>
public sealed record KeyRuleRow(Core.Access.KeyRule Rule, bool IsArchived, long Version);

/// <summary>Which tables of an organization a change looks at. The organization itself and its scopes always come along.</summary>
[Flags]
public enum StateParts
{
    Scopes = 0,
    Budgets = 1,
    Policies = 2,
    Accounts = 4,
    Keys = 8,
    Prices = 16,
    Everything = Budgets | Policies | Accounts | Keys | Prices,
}

/// <summary>
/// Everything that governs an organization, archived rows included: what a planner compares a declaration with.
/// </summary>
public sealed record GovernanceState
{
    /// <summary>The id of the organization, also before it exists.</summary>
    public required Guid OrganizationId { get; init; }

    /// <summary>Null when the organization does not exist yet.</summary>
    public OrganizationRow? Organization { get; init; }

    public long Epoch { get; init; }

    public ImmutableArray<ScopeRow> Scopes { get; init; } = [];

    public ImmutableArray<BudgetRow> Budgets { get; init; } = [];

    public ImmutableArray<PolicyRow> Policies { get; init; } = [];

    public ImmutableArray<AccountRow> Accounts { get; init; } = [];

    public ImmutableArray<KeyRow> Keys { get; init; } = [];

    public ImmutableArray<PriceVersion> Prices { get; init; } = [];
}
