using System.Net.Http.Headers;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Step 2 of a batch: its input file is read from the provider, where it cannot change any more, as a governed call of its
/// own that costs nothing. So what is bounded is what will run, whoever uploaded it and whatever the rules were then.
/// </summary>
internal static class BatchIntake
{
    private const int MaxReferences = 1_000;

    private static readonly TimeSpan MaxWaitForPlace = TimeSpan.FromSeconds(5);

    /// <summary>The reading of an input file as the ledger names it; no client can call it.</summary>
    private static readonly GovernedRoute InputRoute = new()
    {
        Name = "batches.input", Method = "GET", Pattern = "/files/{id}/content", Names = ObjectKind.File, IsRead = false,
        Dialect = Dialects.OpenAi.OpenAiDialect.Instance, ClientPrefixes = [],
    };

    /// <summary>Fills in what the lines ask for; or says why they cannot be sent.</summary>
    public static async Task<GatewayError?> ReadAsync(GovernedCall call, BatchInput input, GatewayParts parts, CancellationToken cancel)
    {
        if (!await input.TryHoldPlaceAsync(parts.Batches.InputPlaces, call.Snapshot.OrganizationId, MaxWaitForPlace, cancel)) return TooManyAtOnce();
        var lines = new BatchInputLines(input, parts.Options.MaxBatchLines, MaxReferences);
        if (await FetchAsync(call, input, lines, parts, cancel) is { } notRead) return notRead;
        if (lines.Fault is { } fault) return GatewayError.Invalid(fault, "input_file_id");
        if (input.Lines.Count == 0) return GatewayError.Invalid("The input file has no lines.", "input_file_id");
        call.Facts.Model = lines.Model;
        call.Facts.References.AddRange(lines.References);
        // What lines name must be the caller's too, at the account where the file is.
        var foreign = await Intake.CheckOwnershipAsync(call, parts, cancel);
        Intake.Outline(call);
        return foreign;
    }

    private static async Task<GatewayError?> FetchAsync(
        GovernedCall call, BatchInput input, BatchInputLines lines, GatewayParts parts, CancellationToken cancel)
    {
        using var places = new TakenPlaces(parts);
        var reading = ReadingOf(call, input, places, parts);
        var (permit, refused) = await Admitting.AdmitAsync(reading, parts, cancel);
        if (permit is null) return refused;
        using var ending = new ReservationEnding(reading, permit, parts);
        using var patience = new UpstreamPatience(parts.Options, parts.Time, cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, Authorizing.AddressOf(reading, parts, query: ""));
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        if (await Authorizing.AuthorizeAsync(reading, parts, request.Headers, patience) is { } unauthorized)
        {
            ending.Release("the provider credential is not available");
            return unauthorized;
        }
        try
        {
            patience.AwaitHeaders();
            using var response = await parts.Upstream.SendAsync(permit, request, reading.IsTest, patience.Token);
            var status = (int)response.StatusCode;
            ending.Settle(ending.Price(new MeterReading(), status, Dispatching.UpstreamRequestId(reading.Route.Provider, response)));
            return response.IsSuccessStatusCode ? await ReadLinesAsync(response, lines, parts, cancel) : NotRead(reading, status);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or UpstreamAddressException or IOException)
        {
            return Dispatching.Fail(e, ending);
        }
    }

    /// <summary>The call that reads the file. Refused, it is the batch that is refused, under the id of its request.</summary>
    private static GovernedCall ReadingOf(GovernedCall call, BatchInput input, TakenPlaces places, GatewayParts parts)
    {
        var reading = new GovernedCall(call.Context, InputRoute with { Provider = call.Route.Provider }, parts.NewRequestId())
        {
            Token = call.Token,
            SecretDigest = call.SecretDigest,
            Snapshot = call.Snapshot,
            Standing = call.Standing,
            Places = places,
            NamedObjectId = input.FileId,
            ObjectAccountId = call.ObjectAccountId,
            IsRefusalKept = true,
        };
        Intake.Outline(reading);
        return reading;
    }

    private static async Task<GatewayError?> ReadLinesAsync(
        HttpResponseMessage response, BatchInputLines lines, GatewayParts parts, CancellationToken cancel)
    {
        var options = parts.Options;
        // The silence between two pieces is limited, and so is the whole: the request must end, and others want its place.
        using var inTime = new CancellationTokenSource(TimeSpan.FromSeconds(options.ReservationSeconds), parts.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, inTime.Token);
        await using var upstream = await response.Content.ReadAsStreamAsync(cancel);
        var limits = new DownloadLimits(
            (int)Math.Min(options.MaxBodyBytes, int.MaxValue), options.MaxBatchBytes, TimeSpan.FromSeconds(options.StreamIdleSeconds));
        return await LineDownload.ReadAsync(upstream, lines, limits, parts.Time, both.Token) switch
        {
            DownloadEnd.Complete or DownloadEnd.Stopped => null,
            DownloadEnd.TooLarge => GatewayError.Invalid($"The input file is larger than {options.MaxBatchBytes} bytes. Split it.", "input_file_id"),
            DownloadEnd.Broken => BrokenOff,
            DownloadEnd.TimedOut => TimedOut,
        };
    }

    private static GatewayError NotRead(GovernedCall reading, int status) => status == 404
        ? GatewayError.NotFound("The input file is not at the provider any more. Upload it again.")
        : Dispatching.NotForClients(reading, status)
            ?? new GatewayError(502, "api_error", "upstream_failed",
                $"The provider did not give out the input file (status {status}). No batch was made and nothing was spent; try again later.") { RetryAfter = 1 };

    private static GatewayError BrokenOff => new(502, "api_error", "upstream_failed",
        "The provider broke off while the input file was read. No batch was made and nothing was spent; try again later.") { RetryAfter = 1 };

    private static GatewayError TimedOut => new(504, "api_error", "upstream_timeout",
        "The provider took too long to give out the input file. No batch was made and nothing was spent; try again later.") { RetryAfter = 1 };

    private static GatewayError TooManyAtOnce() => GatewayError.From(new Refusal(RefusalCode.ConcurrencyLimitExceeded,
        "Too many batches are being made here at the moment. Nothing was sent; try again shortly."));
}
