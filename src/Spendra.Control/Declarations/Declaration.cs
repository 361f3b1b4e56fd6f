using System.Collections.Immutable;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Control.Declarations;

/// <summary>A name of something else, with the line that names it.</summary>
internal sealed record Reference(ScopeKind Kind, string Slug, int Line)
{
    public override string ToString() => Kind == ScopeKind.Organization ? "organization" : $"{Scope.KindName(Kind)}/{Slug}";
}

/// <summary>A slug of a budget that another item names.</summary>
internal sealed record SlugReference(string Slug, int Line);

/// <summary>
/// What one file declares. A list that the file does not have is null: it is left alone even when pruning. An item
/// whose fields were wrong is still here with what could be read, so that references to it resolve; the errors
/// keep it from ever being applied.
/// </summary>
internal sealed record Declaration
{
    public required OrganizationItem Organization { get; init; }

    /// <summary>Scopes of all kinds below the organization, containers before what they contain.</summary>
    public required IReadOnlyList<ScopeItem> Scopes { get; init; }

    /// <summary>The kinds whose lists are in the file.</summary>
    public required IReadOnlySet<ScopeKind> ScopeKinds { get; init; }

    public IReadOnlyList<AccountItem>? Accounts { get; init; }

    public IReadOnlyList<PriceTerms>? Prices { get; init; }

    public IReadOnlyList<BudgetItem>? Budgets { get; init; }

    public IReadOnlyList<PolicyItem>? Policies { get; init; }

    public IReadOnlyList<KeyItem>? Keys { get; init; }
}

internal sealed record OrganizationItem(int Line, string Slug, string Name, string Currency, string TimeZone);

internal sealed record ScopeItem(int Line, ScopeKind Kind, string Slug, string Name)
{
    public Reference? Parent { get; init; }

    public string? Email { get; init; }

    public IReadOnlyList<Reference> Projects { get; init; } = [];
}

/// <summary>The credential is the name of an environment variable or the secret itself; one of the two.</summary>
internal sealed record AccountItem(int Line, string Slug, string Provider, string BaseUrl)
{
    public string? CredentialEnv { get; init; }

    public string? CredentialValue { get; init; }

    /// <summary>An MCP server that wants no credential.</summary>
    public bool HasNoCredential { get; init; }

    public AccountSettings Settings { get; init; } = AccountSettings.None;

    /// <summary>MCP: what a call of each tool costs; <c>*</c> stands for all others.</summary>
    public ImmutableSortedDictionary<string, NanoUsd> ToolPrices { get; init; } = NoTools;

    public static ImmutableSortedDictionary<string, NanoUsd> NoTools { get; } =
        ImmutableSortedDictionary.Create<string, NanoUsd>(StringComparer.Ordinal);

    public override string ToString() => $"provider account {Slug} [redacted]";
}

/// <summary><c>Zone</c> is null when the file does not say: a stored budget keeps its own, a new one gets the organization's.</summary>
internal sealed record BudgetItem(int Line, string Slug, NanoUsd Amount, Period Period)
{
    public Reference? Scope { get; init; }

    public TimeZoneInfo? Zone { get; init; }
}

/// <summary><c>Scope</c> is null when the file does not say: a cap is then on its budget's scope.</summary>
internal sealed record PolicyItem(int Line, string Slug, PolicyKind Kind)
{
    public Reference? Scope { get; init; }

    public SlugReference? Budget { get; init; }

    /// <summary>Filter, thresholds and limits; ids and slug are not filled in.</summary>
    public required Policy Rule { get; init; }
}

internal sealed record KeyItem(int Line, string Slug)
{
    public Reference? Actor { get; init; }

    public Reference? Project { get; init; }

    public NameSet Providers { get; init; }

    public NameSet Models { get; init; }

    public NameSet Tools { get; init; }

    public string? Environment { get; init; }

    public NanoUsd? MaxRequest { get; init; }

    public long? ExpiresAt { get; init; }
}
