using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Ledger;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Steps 7 to 10 of a list: the provider's own would show the batches of everybody under the account's credential, so the
/// organization's are asked for one by one, under the one permit; asking costs nothing.
/// </summary>
internal sealed class BatchListing(GovernedCall call, DispatchPermit permit, GatewayParts parts)
{
    private const int DefaultPage = 20;
    public const int MaxPage = 100;
    private const int MaxAtOnce = 8;

    /// <summary>Some batches of the page could not be told now, and are left out of it.</summary>
    private const string NotAllTold = "batches_not_told";

    /// <summary>Null when the response has been given; otherwise the gateway's own answer.</summary>
    public async Task<GatewayError?> RunAsync()
    {
        using var ending = new ReservationEnding(call, permit, parts);
        var error = await AnswerAsync();
        if (permit.IsUsed) ending.Settle(ending.Price(new MeterReading(), error is null ? 200 : 0, upstreamRequestId: null));
        else ending.Release("nothing had to be asked for");
        return error;
    }

    private async Task<GatewayError?> AnswerAsync()
    {
        var cancel = call.Context.RequestAborted;
        if (ReadPage(out var limit, out var after) is { } fault) return fault;
        var batches = await parts.Objects.ListBatchesAsync(call.Snapshot.OrganizationId, call.IsTest, after, limit + 1, cancel);
        var page = batches.Take(limit).ToList();
        if (page.Count > 0) permit.Use();
        var shown = new ReadOnlyMemory<byte>?[page.Count];
        GatewayError? error = null;
        var work = new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancel };
        await Parallel.ForAsync(0, page.Count, work, async (i, stop) =>
        {
            (shown[i], var failed) = await AskAsync(page[i], stop);
            if (failed is not null) error = failed;
        });
        if (error is not null && shown.All(s => s is null)) return error;
        await WriteAsync(page, shown, isWhole: error is null, hasMore: batches.Count > limit);
        return null;
    }

    private GatewayError? ReadPage(out int limit, out string? after)
    {
        var query = call.Context.Request.Query;
        limit = DefaultPage;
        after = query["after"].ToString() is { Length: > 0 } id ? id : null;
        if (after is not null && !Intake.IsObjectId(after)) return GatewayError.Invalid("'after' must be the id of a batch.", "after");
        return query.TryGetValue("limit", out var text)
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxPage)
                ? GatewayError.Invalid($"'limit' must be a whole number from 1 to {MaxPage}.", "limit")
                : null;
    }

    /// <summary>What the provider says of a batch; nothing when it has forgotten it.</summary>
    private async Task<(ReadOnlyMemory<byte>? Shown, GatewayError? Error)> AskAsync(ProviderObject batch, CancellationToken cancel)
    {
        var asking = AskingOf(batch);
        // What an account that is gone has made cannot be shown any more.
        if (asking.Account is null && !call.IsTest) return default;
        using var patience = new UpstreamPatience(parts.Options, parts.Time, cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, Authorizing.AddressOf(asking, parts, query: ""));
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        try
        {
            if (await Authorizing.AuthorizeAsync(asking, parts, request.Headers, patience) is { } unauthorized) return (null, unauthorized);
            patience.AwaitHeaders();
            using var response = await parts.Upstream.SendBesideAsync(permit, request, call.IsTest, patience.Token);
            if ((int)response.StatusCode is 404 or 410) return default;
            if (!response.IsSuccessStatusCode) return (null, NotTold(asking, (int)response.StatusCode));
            var (state, body) = await BatchState.ReadAsync(response, patience.Token);
            if (state is null || state.Id != batch.ObjectId) return (null, NotTold(asking, 200));
            await BatchRecords.SeenAsync(asking, permit.Reservation, parts, state);
            return (body, null);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or UpstreamAddressException or IOException)
        {
            return (null, NotTold(asking, 0));
        }
    }

    private GovernedCall AskingOf(ProviderObject batch)
    {
        var route = call.Route.Provider.Routes.First(r => r.Name == "batches.get") with { Provider = call.Route.Provider };
        var asking = new GovernedCall(call.Context, route, call.RequestId)
        {
            Token = call.Token,
            SecretDigest = call.SecretDigest,
            Snapshot = call.Snapshot,
            Standing = call.Standing,
            NamedObjectId = batch.ObjectId,
            ObjectAccountId = batch.AccountId,
        };
        Intake.Outline(asking);
        return asking;
    }

    private static GatewayError NotTold(GovernedCall asking, int status) => Dispatching.NotForClients(asking, status)
        ?? new GatewayError(502, "api_error", "upstream_failed",
            $"The provider did not say how batch '{asking.NamedObjectId}' is (status {status}). Nothing was spent; try again later.") { RetryAfter = 1 };

    private async Task WriteAsync(List<ProviderObject> page, ReadOnlyMemory<byte>?[] shown, bool isWhole, bool hasMore)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var batch in shown)
            {
                if (batch is { } bytes) json.WriteRawValue(bytes.Span, skipInputValidation: true);
            }
            json.WriteEndArray();
            json.WriteString("first_id", page.Count > 0 ? page[0].ObjectId : null);
            json.WriteString("last_id", page.Count > 0 ? page[^1].ObjectId : null);
            json.WriteBoolean("has_more", hasMore);
            json.WriteEndObject();
        }
        var response = call.Context.Response;
        response.ContentType = "application/json";
        ExplainHeaders.Write(response.Headers, call, permit);
        if (!isWhole) response.Headers.Append(ExplainHeaders.Warning, NotAllTold);
        response.ContentLength = body.WrittenCount;
        try
        {
            await response.Body.WriteAsync(body.WrittenMemory, call.Context.RequestAborted);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone; nothing is owed.
        }
    }
}
