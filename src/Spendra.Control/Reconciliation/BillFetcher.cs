using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Reconciliation;

/// <summary>Which addresses bills may be fetched from: as for the gateway.</summary>
/// <param name="AllowInside">Private, loopback and link-local addresses too.</param>
public sealed record BillFetchOptions(bool AllowInside = false);

/// <summary>
/// Fetches what a provider says that it billed, page by page, with the credential of an account that may see it (most providers
/// want an administrator's). From the account's own address only, without redirects, bounded in the size of a page and of all
/// pages together, in pages and in time. What comes is imported like a file.
/// </summary>
public sealed class BillFetcher : IDisposable
{
    private const int MostPages = 200;
    private const int LongestPage = 16 << 20;
    private const int LongestBill = 64 << 20;
    private const int DaysPerPage = 31;
    private const int LongestCursor = 2_000;

    private readonly MasterKey _masterKey;
    private readonly HttpClient _client;

    public BillFetcher(MasterKey masterKey, BillFetchOptions options, TimeSpan? timeout = null)
    {
        _masterKey = masterKey;
        _client = new HttpClient(OutsideConnection.Handler(options.AllowInside))
        {
            Timeout = timeout ?? TimeSpan.FromMinutes(1),
            MaxResponseContentBufferSize = LongestPage,
        };
    }

    /// <summary>The format that a provider's interface answers in; null for one that has none.</summary>
    public static string? FormatOf(string provider) => provider switch
    {
        KnownProvider.OpenAi => BillFormats.OpenAiCosts,
        KnownProvider.Anthropic => BillFormats.AnthropicCosts,
        KnownProvider.OpenRouter => BillFormats.OpenRouterActivity,
        _ => null,
    };

    /// <summary>The bill of some days, or in one sentence why it could not be had: exactly one of the two.</summary>
    /// <param name="organizationId">Whose account.</param>
    /// <param name="accountId">Whose bill it is.</param>
    /// <param name="credential">The account whose credential is used.</param>
    /// <param name="from">The first day.</param>
    /// <param name="to">The last day.</param>
    /// <param name="cancel">Stops fetching.</param>
    public async Task<(BillContent? Content, string? Failure)> FetchAsync(
        Guid organizationId, Guid accountId, ProviderAccount credential, DateOnly from, DateOnly to, CancellationToken cancel)
    {
        if (FormatOf(credential.Provider) is not { } format) return (null, $"{credential.Provider} has no interface for bills: import its export as a file");
        try
        {
            if (AccountCredential.Open(_masterKey, organizationId, credential) is not { Length: > 0 } secret) return (null, "the credential is not there where this runs");
            var pages = new Pages();
            foreach (var list in ListsOf(credential, from, to))
            {
                if (await FetchListAsync(credential.Provider, secret, list, pages, cancel) is { } failure) return (null, failure);
            }
            return (new BillContent(accountId, format, pages.Text.ToString()) { From = from, To = to }, null);
        }
        catch (MasterKeyException e)
        {
            return (null, $"the credential cannot be used: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (null, $"no whole answer within {_client.Timeout.TotalSeconds:0.###} seconds");
        }
        catch (HttpRequestException e)
        {
            return (null, e.InnerException is InsideAddressException inside ? inside.Message : "the exchange with the provider broke off");
        }
    }

    public void Dispose() => _client.Dispose();

    // The providers' API references, November 2026.
    private static IEnumerable<string> ListsOf(ProviderAccount account, DateOnly from, DateOnly to)
    {
        var root = account.BaseUrl.TrimEnd('/');
        var end = to.AddDays(1);
        switch (account.Provider)
        {
            case KnownProvider.OpenAi:
                var seconds = $"start_time={Seconds(from)}&end_time={Seconds(end)}&bucket_width=1d&limit={DaysPerPage}";
                yield return $"{root}/organization/costs?{seconds}&group_by[]=line_item";
                yield return $"{root}/organization/usage/completions?{seconds}&group_by[]=model";
                break;
            case KnownProvider.Anthropic:
                var instants = $"starting_at={from:yyyy-MM-dd}T00:00:00Z&ending_at={end:yyyy-MM-dd}T00:00:00Z&bucket_width=1d&limit={DaysPerPage}";
                yield return $"{root}/organizations/cost_report?{instants}&group_by[]=description";
                yield return $"{root}/organizations/usage_report/messages?{instants}&group_by[]=model";
                break;
            default:
                for (var day = from; day < end; day = day.AddDays(1)) yield return $"{root}/activity?date={day:yyyy-MM-dd}";
                break;
        }
    }

    private async Task<string?> FetchListAsync(string provider, string secret, string list, Pages pages, CancellationToken cancel)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (string? page = null; ;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, page is null ? list : $"{list}&page={Uri.EscapeDataString(page)}");
            Authorize(request, provider, secret);
            using var response = await _client.SendAsync(request, cancel);
            if (response.StatusCode != HttpStatusCode.OK)
                return $"{request.RequestUri!.AbsolutePath} answered HTTP {(int)response.StatusCode}: expected 200{Hint(response.StatusCode)}";
            var bytes = await response.Content.ReadAsByteArrayAsync(cancel);
            pages.Bytes += bytes.Length;
            if (pages.Bytes > LongestBill) return $"the bill has more than {LongestBill >> 20} MiB: fetch fewer days at once";
            var text = Encoding.UTF8.GetString(bytes);
            pages.Text.Append(text).Append('\n');
            var (next, fault) = NextOf(text);
            if (fault is not null) return $"{request.RequestUri!.AbsolutePath} {fault}";
            if (next is null) return null;
            if (!seen.Add(next) || seen.Count >= MostPages) return $"{request.RequestUri!.AbsolutePath} names page after page and comes to no end";
            page = next;
        }
    }

    /// <summary>The next page; null after the last one.</summary>
    private static (string? Next, string? Fault) NextOf(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return (null, "answered something else than a page");
            if (!document.RootElement.TryGetProperty("has_more", out var more) || more.ValueKind != JsonValueKind.True) return (null, null);
            // To stop here would be a bill that lacks something.
            return JsonBills.Text(document.RootElement, "next_page") is { Length: > 0 and <= LongestCursor } next ? (next, null) : (null, "says that there is more, and not where");
        }
        catch (JsonException)
        {
            return (null, "answered something else than JSON");
        }
    }

    private static void Authorize(HttpRequestMessage request, string provider, string secret)
    {
        if (provider == KnownProvider.Anthropic)
        {
            request.Headers.TryAddWithoutValidation("x-api-key", secret);
            request.Headers.TryAddWithoutValidation("anthropic-version", "2023-06-01");
            return;
        }
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + secret);
    }

    private static string Hint(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "; bills want the key of an administrator",
        _ => "",
    };

    private static string Seconds(DateOnly day) =>
        new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc)).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>What was fetched of all lists of a bill.</summary>
    private sealed class Pages
    {
        public StringBuilder Text { get; } = new();

        /// <summary>As they came: text of few bytes a character takes more of the memory than that, never more than twice.</summary>
        public long Bytes { get; set; }
    }
}
