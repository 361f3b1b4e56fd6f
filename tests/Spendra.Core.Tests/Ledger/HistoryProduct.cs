using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Ledger;

/// <summary>What a history asks of the product beside the ledger's decisions. A control puts something broken in its place.</summary>
internal sealed record HistoryProduct
{
    public Func<PriceVersion, UnitBound, NanoUsd> Bound { get; init; } = static (price, units) => Cost.Bound(price, units)!.Value;

    public Func<PriceVersion, Usage, NanoUsd> CostOf { get; init; } = static (price, usage) => Cost.Of(price, usage);

    public Func<GovernanceSnapshot, KeyStanding, RequestShape, NanoUsd, long, Decision> Decide { get; init; } = Admission.Decide;

    /// <summary>Changes what a batch finds in the database.</summary>
    public Action<LedgerState, IReadOnlyList<LedgerCommand>> Loaded { get; init; } = static (_, _) => { };
}
