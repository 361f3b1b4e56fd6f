using System.Net;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage.Keys;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>What was learned of some requests.</summary>
internal sealed class LookedUp
{
    /// <summary>What they cost.</summary>
    public Dictionary<Guid, NanoUsd> Costs { get; } = [];

    /// <summary>Requests that the provider does not know.</summary>
    public int Unknown { get; set; }

    /// <summary>Requests of which it says what cannot be believed.</summary>
    public int Unbelievable { get; set; }

    /// <summary>The last request that was answered; null when none was.</summary>
    public Guid? Last { get; set; }

    /// <summary>Why it went no further, in one sentence; null when it came to the end.</summary>
    public string? Stopped { get; set; }
}

/// <summary>
/// Asks OpenRouter what single requests cost, with the credential that made them: one after the other, a pause between two, each
/// again after a while when the provider is busy, and all together bounded in time. What was learned before it stopped counts.
/// </summary>
public sealed class GenerationLookup : IDisposable
{
    /// <summary>Requests that are asked for at once.</summary>
    public const int MostAtOnce = 100;

    private const int LongestAnswer = 1 << 20;
    private const int MostTries = 3;

    private static readonly TimeSpan LongestAnswerWait = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(2);

    private readonly MasterKey _masterKey;
    private readonly TimeProvider _time;
    private readonly TimeSpan _pause;
    private readonly HttpClient _client;

    /// <param name="masterKey">Opens credentials.</param>
    /// <param name="options">Which addresses may be called.</param>
    /// <param name="time">Waits.</param>
    /// <param name="pause">Between two requests, and before the second try of one; a fifth of a second when null.</param>
    public GenerationLookup(MasterKey masterKey, BillFetchOptions options, TimeProvider time, TimeSpan? pause = null)
    {
        (_masterKey, _time, _pause) = (masterKey, time, pause ?? TimeSpan.FromMilliseconds(200));
        _client = new HttpClient(OutsideConnection.Handler(options.AllowInside)) { Timeout = LongestAnswerWait, MaxResponseContentBufferSize = LongestAnswer };
    }

    internal async Task<LookedUp> AskAsync(Guid organizationId, ProviderAccount account, IReadOnlyList<EstimatedSpend> requests, CancellationToken cancel)
    {
        var found = new LookedUp();
        using var limit = new CancellationTokenSource(LongestRun, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            if (AccountCredential.Open(_masterKey, organizationId, account) is not { Length: > 0 } secret) throw new LookupStoppedException("the credential is not there where this runs");
            foreach (var request in requests)
            {
                if (found.Last is not null) await Task.Delay(_pause, _time, stop.Token);
                Take(found, request, await AnswerAsync(account, secret, request.UpstreamRequestId, stop.Token));
            }
        }
        catch (LookupStoppedException e)
        {
            found.Stopped = e.Message;
        }
        catch (MasterKeyException e)
        {
            found.Stopped = $"the credential cannot be used: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            found.Stopped = $"it took longer than {LongestRun.TotalMinutes:0} minutes";
        }
        return found;
    }

    public void Dispose() => _client.Dispose();

    private static void Take(LookedUp found, EstimatedSpend request, byte[]? answer)
    {
        found.Last = request.ReservationId;
        if (answer is null) found.Unknown++;
        else if (GenerationCost.Read(answer, request.UpstreamRequestId) is { } cost) found.Costs.Add(request.ReservationId, cost);
        else found.Unbelievable++;
    }

    /// <summary>The provider's answer about a request; null when it knows none of this id.</summary>
    private async Task<byte[]?> AnswerAsync(ProviderAccount account, string secret, string id, CancellationToken cancel)
    {
        var address = $"{account.BaseUrl.TrimEnd('/')}/generation?id={Uri.EscapeDataString(id)}";
        for (var tries = 1; ; tries++)
        {
            var (answer, status, retryAfter) = await TryAsync(address, secret, cancel);
            if (answer is not null) return answer;
            if (status == HttpStatusCode.NotFound) return null;
            var isPassing = status is null or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;
            if (!isPassing || tries == MostTries)
                throw new LookupStoppedException(status is null ? "the exchange with the provider broke off" : $"/generation answered HTTP {(int)status}: expected 200 or 404");
            var pause = retryAfter ?? _pause * (5 * tries);
            await Task.Delay(pause > LongestPause ? LongestPause : pause, _time, cancel);
        }
    }

    /// <summary>One try: no status when the exchange broke off or took too long.</summary>
    private async Task<(byte[]? Answer, HttpStatusCode? Status, TimeSpan? RetryAfter)> TryAsync(string address, string secret, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + secret);
            using var response = await _client.SendAsync(request, cancel);
            return response.StatusCode == HttpStatusCode.OK
                ? (await response.Content.ReadAsByteArrayAsync(cancel), response.StatusCode, null)
                : (null, response.StatusCode, response.Headers.RetryAfter?.Delta);
        }
        catch (HttpRequestException e) when (e.InnerException is InsideAddressException inside)
        {
            throw new LookupStoppedException(inside.Message);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return (null, null, null);
        }
    }

    /// <summary>It goes no further, in one sentence without anything confidential. Caught where it asks.</summary>
    private sealed class LookupStoppedException(string message) : Exception(message);
}
