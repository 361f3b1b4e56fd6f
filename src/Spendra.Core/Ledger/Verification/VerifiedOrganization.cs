using Spendra.Core.Budgets;
using Spendra.Core.Pricing;

namespace Spendra.Core.Ledger.Verification;

/// <summary>What one organization's rows are checked against. What was archived is here too: history names it.</summary>
public sealed record VerifiedOrganization
{
    public required OrganizationRow Row { get; init; }

    public required IReadOnlyDictionary<Guid, Budget> Budgets { get; init; }

    /// <summary>Budgets that an active hard cap points at.</summary>
    public required IReadOnlySet<Guid> HardCapped { get; init; }

    public required IReadOnlyDictionary<Guid, PriceVersion> Prices { get; init; }

    public required IReadOnlyList<WindowRow> Windows { get; init; }

    public required IReadOnlyList<WindowExcess> Excesses { get; init; }

    public required IReadOnlySet<Guid> Keys { get; init; }

    /// <summary>Provider accounts, the sandbox among them.</summary>
    public required IReadOnlySet<Guid> Accounts { get; init; }

    public required IReadOnlySet<Guid> Scopes { get; init; }

    public required IReadOnlyDictionary<Guid, VerifiedPolicy> Policies { get; init; }

    /// <summary>Microseconds since the Unix epoch: windows that end later still follow their budget.</summary>
    public required long NowMicros { get; init; }
}
