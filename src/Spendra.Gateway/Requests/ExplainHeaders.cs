using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Gateway.Forwarding;

namespace Spendra.Gateway.Requests;

/// <summary>Step 10: what a response says about its own governance.</summary>
internal static class ExplainHeaders
{
    public const string RequestId = "x-spendra-request-id";
    public const string Reserved = "x-spendra-reserved-usd";
    public const string CostUsd = "x-spendra-cost-usd";
    public const string Remaining = "x-spendra-remaining-usd";
    public const string Warning = "x-spendra-warning";
    public const string StrippedTools = "x-spendra-stripped-tools";
    public const string MaxOutputTokens = "x-spendra-max-output-tokens";

    public static void Write(IHeaderDictionary headers, GovernedCall call, DispatchPermit permit)
    {
        headers[RequestId] = permit.Reservation.ReservationId.ToString();
        headers[Reserved] = permit.Reservation.Amount.ToString();
        if (call.ImposedOutputLimit is { } limit)
            headers[MaxOutputTokens] = limit.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (!call.StrippedTools.IsEmpty) headers[StrippedTools] = string.Join(", ", call.StrippedTools.Select(s => Visible(s.Tool)));
        if (TightestRemaining(permit.Admission, call.Claims) is { } remaining) headers[Remaining] = remaining.ToString();
        var warnings = BudgetWarnings.Of(call.Standing, call.Shape, call.Amount, call.Claims, permit.Admission.Windows);
        if (warnings.Length > 0) headers[Warning] = string.Join(", ", warnings);
    }

    // A type that is not known here is the client's own text, and a header carries less.
    private static string Visible(string name) => string.Concat(name.Select(c => c is > ' ' and <= '~' and not ',' ? c : '?'));

    /// <summary>What is left of the tightest hard cap after this reservation.</summary>
    private static NanoUsd? TightestRemaining(LedgerOutcome.Admitted admission, IReadOnlyList<WindowClaim> claims)
    {
        NanoUsd? least = null;
        for (var i = 0; i < claims.Count; i++)
        {
            if (claims[i].Enforcement != Enforcement.Hard) continue;
            var remaining = admission.Windows[i].Remaining;
            least = least is { } known ? NanoUsd.Min(known, remaining) : remaining;
        }
        return least;
    }
}
