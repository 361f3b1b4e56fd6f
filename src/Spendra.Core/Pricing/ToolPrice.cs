using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Pricing;

/// <summary>The price of a tool that runs through the gateway: so much for each call.</summary>
public static class ToolPrice
{
    /// <summary>The dearest call, in USD: its rate per million calls still fits.</summary>
    public const long MaxUsd = 1_000;

    /// <summary>What every call uses.</summary>
    public static readonly Usage OneCall = default(Usage).Plus(UnitClass.ToolCalls, 1);

    public static RateCard CardOf(NanoUsd perCall) => new(default, default, default, default)
    {
        Others = default(UnitMap<Rate>).With(UnitClass.ToolCalls, new Rate(checked(perCall.Value * Rate.UnitsPerRate))),
    };

    /// <summary>Whether a price may be pinned by calls of a tool: it is the tool's own, or that of all others of its server.</summary>
    public static bool IsFor(PriceVersion price, string provider, string name) =>
        provider == KnownProvider.Mcp && price.Provider == provider && (price.Model == name || ToolName.Covers(price.Model, name));
}
