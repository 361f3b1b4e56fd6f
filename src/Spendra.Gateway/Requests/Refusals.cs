using Microsoft.Extensions.Logging;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Requests;

/// <summary>Keeps refused requests, so that the id in the answer can be explained.</summary>
internal static partial class Refusals
{
    // The answer is known; when the database is slow to keep it, the caller need not wait for that.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    /// <summary>Keeps the refusal of a call whose key is known. One that says the ledger is away cannot be kept.</summary>
    public static async Task KeepAsync(GovernedCall call, GatewayParts parts, Refusal refusal)
    {
        if (call.IsRefusalKept || refusal.Code == RefusalCode.LedgerUnavailable) return;
        call.IsRefusalKept = true;
        var key = call.Snapshot.FindKey(call.Token.KeyId);
        try
        {
            await parts.Lane.RecordAsync(new RefusalRecord
            {
                OrganizationId = call.Snapshot.OrganizationId,
                RequestId = call.RequestId,
                KeyId = call.Token.KeyId,
                RefusedAt = Micros.Now(parts.Time),
                Route = call.Route.Name,
                Provider = call.Shape.Provider,
                Model = call.Shape.HasModel ? call.Shape.Model : call.Facts.Model is { Length: > 0 } asked ? asked : null,
                ScopeIds = key is null ? [] : [.. call.Snapshot.StandingOf(key)?.ScopeIds ?? []],
                Environment = key?.Environment,
                Refusal = refusal,
            }).WaitAsync(MaxWait, parts.Time);
        }
        catch (Exception e) when (e is TimeoutException or LedgerUnavailableException)
        {
            LogNotKept(parts.Logger, call.RequestId, refusal.CodeName);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Request {RequestId} was refused ({Code}), which could not be recorded yet")]
    private static partial void LogNotKept(ILogger logger, Guid requestId, string code);
}
