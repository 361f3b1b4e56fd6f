using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Core.Access;

/// <summary>
/// What employees below a scope may issue themselves. A list that is absent does not restrict; neither does a number.
/// </summary>
public sealed record KeyRule
{
    public required Guid RuleId { get; init; }

    public required string Slug { get; init; }

    public required Guid ScopeId { get; init; }

    /// <summary>Keys that one employee may have at a time, those of their agents among them.</summary>
    public int? MaxLiveKeys { get; init; }

    public NameSet Providers { get; init; }

    public NameSet Models { get; init; }

    public NameSet Tools { get; init; }

    /// <summary>The most that a key may allow one request.</summary>
    public NanoUsd? MaxRequest { get; init; }

    /// <summary>Days from the making of a key's secret to the key's expiry.</summary>
    public int? LongestLifeDays { get; init; }
}
