using Spendra.Core.Governance;
using Spendra.Core.Metering;

namespace Spendra.Gateway.Requests;

/// <summary>
/// Step 4 for the tools that a provider runs: how often they may run, and what that costs beside tokens. Where the
/// request has no limit, one is imposed.
/// </summary>
internal static class ToolBounds
{
    /// <summary>The most uses that one request gets: what it asks for beyond is cut to it.</summary>
    public const int MaxSharedUses = 200;

    // A session of a container that runs code.
    private const int SessionSeconds = 20 * 60;

    /// <summary>How often the provider may run tools, and what that is charged beside tokens.</summary>
    public static (long Uses, UnitMap<long> Pieces) Of(GovernedCall call, GatewayOptions options)
    {
        var facts = call.Facts;
        var pieces = facts.Pieces;
        foreach (var unit in facts.UncountedUnits) pieces = pieces.With(unit, options.ToolAllowance);
        // A request is cut off when its reservation ends, and uses no container longer. Whether one is billed while it waits
        // for more is not documented.
        call.UnitsPerContainer = facts.ContainerGigabytes * ((options.ReservationSeconds + SessionSeconds - 1) / SessionSeconds);
        return facts.SharesToolLimit ? Shared(call, options, pieces) : Single(call, options, pieces);
    }

    /// <summary>The passes whose output is bounded one by one.</summary>
    public static long OutputPasses(GovernedCall call, long passes) =>
        call.Facts.LimitsOutputOfAllPasses && (call.Facts.OutputLimit ?? call.ImposedOutputLimit) is not null ? 1 : passes;

    /// <summary>
    /// A store at the provider may be any customer's of its account: only those are searched that the account says are the
    /// organization's.
    /// </summary>
    public static Refusal? CheckStores(GovernedCall call)
    {
        if (call.IsTest) return null;
        foreach (var store in call.Facts.VectorStores)
        {
            if (!call.Account!.Settings.VectorStores.Contains(store))
            {
                return new Refusal(RefusalCode.ToolNotAllowed,
                    $"Vector store '{store}' is not among those of account '{call.Account.Slug}'. Ask the platform's owner to add it to 'vectorStores'.");
            }
        }
        return null;
    }

    /// <summary>Each tool has a limit of its own.</summary>
    private static (long Uses, UnitMap<long> Pieces) Single(GovernedCall call, GatewayOptions options, UnitMap<long> pieces)
    {
        long uses = 0;
        foreach (var use in call.Facts.ToolUses)
        {
            var most = use.Max ?? options.DefaultToolUses;
            if (use.Max is null) call.Changes = call.Changes with { ToolUses = options.DefaultToolUses };
            pieces = Charge(pieces, use, most);
            uses += most;
        }
        return (uses, pieces);
    }

    /// <summary>One limit for all: each of them may take all of it.</summary>
    private static (long Uses, UnitMap<long> Pieces) Shared(GovernedCall call, GatewayOptions options, UnitMap<long> pieces)
    {
        var asked = call.Facts.ToolLimit;
        var most = Math.Min(asked ?? options.DefaultToolUses, MaxSharedUses);
        if (asked != most) call.Changes = call.Changes with { ToolUses = (int)most };
        foreach (var use in call.Facts.ToolUses)
            pieces = Charge(pieces, use, checked(most * UnitsOf(call, use)));
        return (most, pieces);
    }

    private static long UnitsOf(GovernedCall call, ToolUse use) => use.Fee switch
    {
        UnitClass.CodeSessions => call.UnitsPerContainer,
        UnitClass.ToolCharges => call.ChargePerImage,
        _ => 1,
    };

    private static UnitMap<long> Charge(UnitMap<long> pieces, ToolUse use, long units) =>
        use.Fee is { } fee ? pieces.With(fee, (pieces.Find(fee) ?? 0) + units) : pieces;
}
