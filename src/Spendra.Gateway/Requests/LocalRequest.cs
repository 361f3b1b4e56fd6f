using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects;
using Spendra.Storage;

namespace Spendra.Gateway.Requests;

/// <summary>A request that is answered from here, without a provider: authenticated like any other, and never reserved.</summary>
internal sealed class LocalRequest(GatewayParts parts)
{
    /// <summary>Answers with what is written, or with an error in the shape of the route's dialect.</summary>
    public async Task AnswerAsync(
        HttpContext context, GovernedRoute route, Func<GovernedCall, Task<GatewayError?>> answer)
    {
        var call = new GovernedCall(context, route, parts.NewRequestId());
        try
        {
            var error = await AuthenticateAsync(call, parts) ?? await answer(call);
            if (error is not null) await ErrorAnswer.WriteAsync(context, route.Dialect, call.RequestId, error);
        }
        catch (Exception e) when (DatabaseUnavailableException.IsSaidBy(e))
        {
            await ErrorAnswer.WriteAsync(context, route.Dialect, call.RequestId, Admitting.Unavailable("The database cannot be reached. Try again shortly."));
        }
    }

    /// <summary>The prices of the models that a key may use, of every provider.</summary>
    public IEnumerable<PriceVersion> UsablePrices(GovernedCall call) =>
        from price in call.Snapshot.Prices.InForce(Micros.Now(parts.Time))
        let shape = new RequestShape { Provider = price.Provider, Model = price.Model, Environment = call.Standing.Key.Environment }
        where shape.IsForModel && Admission.CheckPermissions(call.Standing, shape) is null
        where call.Token.Mode == KeyMode.Test || call.Snapshot.AccountFor(price.Provider) is not null
        select price;

    /// <summary>These routes make no reservation that would notice a revoked key: they ask the database instead.</summary>
    public static async Task<GatewayError?> AuthenticateAsync(GovernedCall call, GatewayParts parts)
    {
        var cancel = call.Context.RequestAborted;
        if (await Authentication.AuthenticateAsync(call, parts, cancel) is { } error) return error;
        if (await parts.Snapshots.IsCurrentAsync(call.Snapshot, cancel)) return null;
        var newer = await parts.Snapshots.RefreshAsync(call.Snapshot.OrganizationId, call.Snapshot, cancel);
        return newer is null
            ? GatewayError.Unauthorized("The API key is not known here any more.")
            : Authentication.Admit(call, newer, Micros.Now(parts.Time));
    }
}
