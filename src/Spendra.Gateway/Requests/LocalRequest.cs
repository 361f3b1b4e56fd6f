using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Pricing;
using Spendra.Storage;

namespace Spendra.Gateway.Requests;

/// <summary>What requests have in common that are answered from here, whatever their dialect.</summary>
internal static class LocalRequest
{
    /// <summary>They make no reservation that would notice a revoked key: they ask the database instead.</summary>
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

    /// <summary>The prices in force of the models that the call's key may use, by provider and model.</summary>
    public static IEnumerable<PriceVersion> UsableModels(GovernedCall call, GatewayParts parts) =>
        from price in call.Snapshot.Prices.InForce(Micros.Now(parts.Time))
        let shape = new RequestShape { Provider = price.Provider, Model = price.Model, Environment = call.Standing.Key.Environment }
        where shape.IsForModel && Admission.CheckPermissions(call.Standing, shape) is null
        where call.Token.Mode == KeyMode.Test || call.Snapshot.AccountFor(price.Provider) is not null
        select price;
}
