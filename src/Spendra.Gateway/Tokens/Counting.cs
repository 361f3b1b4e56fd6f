using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;
using Spendra.Storage;

namespace Spendra.Gateway.Tokens;

/// <summary>
/// Has a provider count the input of a call that is not admitted yet. The count is a call of its own: it has an id, a
/// reservation of zero under the same key and rules, and an end in the ledger. Without one it could not be sent.
/// </summary>
internal sealed partial class Counting(GovernedCall call, CountingEndpoint endpoint, GatewayParts parts)
{
    // Counts are small. A client waits for this before it is refused, and so not for long.
    private const int MaxAnswerBytes = 64 * 1024;
    private const int WaitSeconds = 10;

    private readonly UpstreamProvider _provider = call.Route.Provider;

    /// <summary>The most input that the call has, or null when the provider does not say.</summary>
    public async Task<long?> CountAsync()
    {
        if (await ReserveAsync() is not { } permit) return null;
        using var ending = new ReservationEnding(call, permit, parts);
        using var patience = new UpstreamPatience(parts.Options with { UpstreamTimeoutSeconds = WaitSeconds, StreamIdleSeconds = WaitSeconds }, parts.Time, call.Context.RequestAborted);
        using var request = MakeRequest();
        try
        {
            if (await Authorizing.AuthorizeAsync(call, parts, request.Headers, patience) is not null)
            {
                ending.Release("the provider credential is not available");
                return null;
            }
            patience.AwaitHeaders();
            using var response = await parts.Upstream.SendAsync(permit, request, call.IsTest, patience.Token);
            var status = (int)response.StatusCode;
            var answer = await ReadAsync(response, patience);
            ending.Settle(ending.Price(new MeterReading(), status, Dispatching.UpstreamRequestId(_provider, response)));
            var bound = status == 200 && answer is { } told ? endpoint.BoundOf(told) : null;
            if (bound is null) LogNotCounted(parts.Logger, call.RequestId, _provider.Name, status);
            return bound;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or UpstreamAddressException or IOException)
        {
            // A count costs nothing: whatever became of it, its reservation of zero is over.
            ending.Release("the provider did not count");
            LogNotCounted(parts.Logger, call.RequestId, _provider.Name, status: 0);
            return null;
        }
    }

    private async Task<DispatchPermit?> ReserveAsync()
    {
        var now = Micros.Now(parts.Time);
        if (Admission.Decide(call.Snapshot, call.Standing, call.Shape, NanoUsd.Zero, now) is not Decision.Admit admit) return null;
        var reservation = new Reservation
        {
            OrganizationId = call.Snapshot.OrganizationId,
            ReservationId = parts.NewRequestId(),
            KeyId = call.Standing.Key.KeyId,
            ScopeIds = [.. call.Standing.ScopeIds],
            PolicyIds = admit.PolicyIds,
            WindowIds = [.. admit.Claims.Select(c => c.WindowId)],
            Provider = call.Shape.Provider,
            AccountId = call.Account!.AccountId,
            Model = call.Shape.Model,
            Route = endpoint.Name,
            Environment = call.Shape.Environment,
            Amount = NanoUsd.Zero,
            Epoch = call.Snapshot.Epoch,
            ReservedAt = now,
            ExpiresAt = now + parts.Options.ReservationSeconds * 1_000_000L,
            GatewayId = parts.GatewayId,
        };
        return await parts.Lane.ReserveAsync(new ReserveCommand(reservation, admit.Claims)) is LedgerOutcome.Admitted admitted
            ? DispatchPermit.From(reservation, admitted)
            : null;
    }

    private HttpRequestMessage MakeRequest()
    {
        var address = UpstreamProvider.AddressOf(call.Account!.BaseUrl, endpoint.PathOf(_provider.PathOf(call)), query: "");
        var request = new HttpRequestMessage(HttpMethod.Post, address);
        HeaderRules.CopyToProvider(_provider, call.Context.Request.Headers, request.Headers);
        request.Headers.Remove("Accept");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Content = new ReadOnlyMemoryContent(endpoint.BodyOf(call.Body.Span, call.Facts.Model));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    /// <summary>The whole answer; null when it is longer than a count can be, or breaks off.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpResponseMessage response, UpstreamPatience patience)
    {
        var pump = new ResponsePump(parts.Options, patience, call.Context);
        await using var upstream = await response.Content.ReadAsStreamAsync();
        var answer = new byte[MaxAnswerBytes];
        var length = 0;
        while (length < answer.Length)
        {
            var read = await pump.ReadAsync(upstream, answer.AsMemory(length));
            if (read < 0) return null;
            if (read == 0) return answer.AsMemory(0, length);
            length += read;
        }
        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Request {RequestId} does not fit by its bytes, and {Provider} did not count its tokens (status {Status})")]
    private static partial void LogNotCounted(ILogger logger, Guid requestId, string provider, int status);
}
