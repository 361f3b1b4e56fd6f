using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Requests;

/// <summary>
/// Compares a cost that the provider told with the one that the price book gives. The provider's is settled unless it
/// contradicts itself, since it is what will be paid; a difference means that the price book is out of date, or worse.
/// </summary>
internal static partial class BilledCostCheck
{
    public const string Warning = "cost_differs";

    // Per cent of the computed cost.
    private const int Tolerance = 1;

    /// <summary>Whether what was billed is above the bound, is not what usage and price give, or was not believed.</summary>
    public static bool Differs(GovernedCall call, MeterReading reading, Settlement settlement)
    {
        // A test key is billed nothing, whatever the sandbox says.
        if (!settlement.IsBilled) return reading.BilledCost is not null && call.Route.Provider.TellsBilledCost && call is { IsTest: false, Price: not null };
        if (settlement.Cost > call.Amount) return true;
        // A tool's price is the most that its server is paid: its own word is settled where it is less.
        if (!call.Route.Provider.TellsBilledCost) return false;
        if (call.Price is not { } price || reading.Usage is not { } usage) return false;
        if (SettlementPricing.Computed(price, call.Account, usage, reading.ServedTier, call.TierPercent) is not var (computed, _)) return false;
        // The fee for using a key of the customer's own is in no price book; the account's own rates may have it.
        return Differs(settlement.Cost.Value, computed.Value) && Differs(settlement.Cost.Value - reading.BilledFee.Value, computed.Value);
    }

    private static bool Differs(Int128 billed, long computed)
    {
        var difference = Int128.Abs(billed - computed);
        // One nano-dollar is what rounding makes of the least costs.
        return difference > 1 && difference * 100 > (Int128)computed * Tolerance;
    }

    public static void Log(ILogger logger, GovernedCall call, Settlement settlement) =>
        LogDiffers(logger, call.RequestId, call.Shape.Provider, call.Shape.Model, settlement.Cost, call.Amount);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Request {RequestId}: {Provider} billed {Model} with {Cost} USD, which is not what the price book gives (bound {Bound} USD)")]
    private static partial void LogDiffers(ILogger logger, Guid requestId, string provider, string model, NanoUsd cost, NanoUsd bound);
}
