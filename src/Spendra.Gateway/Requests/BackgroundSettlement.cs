using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Requests;

/// <summary>
/// A background response tells its usage only when it is fetched: the fetch settles the reservation of the call that
/// started it, late when that has expired meanwhile.
/// </summary>
internal static partial class BackgroundSettlement
{
    public static async Task SettleAsync(GovernedCall call, GatewayParts parts, MeterReading reading, int status, string? upstreamId)
    {
        try
        {
            if (call.NamedObjectReservation is not { } reservationId) return;
            var organizationId = call.Snapshot.OrganizationId;
            var pending = await parts.Reservations.FindPendingAsync(organizationId, reservationId, CancellationToken.None);
            if (pending?.PriceId is not { } priceId || !call.Snapshot.Rows.Prices.TryGetValue(priceId, out var price)) return;
            var settlement = SettlementPricing.Of(pending.Terms, price, call.Snapshot.Prices, call.Account, reading, status, upstreamId);
            await parts.Lane.EndAsync(new SettleCommand(organizationId, reservationId, pending.WindowIds, settlement));
        }
        catch (Exception e)
        {
            // The next fetch tries again; without one, the sweep books the bound.
            LogFailed(parts.Logger, call.RequestId, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Request {RequestId} read the usage of a background response that could not be settled")]
    private static partial void LogFailed(ILogger logger, Guid requestId, Exception error);
}
