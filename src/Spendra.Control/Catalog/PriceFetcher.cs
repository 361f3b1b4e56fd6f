using System.Net;
using System.Text;
using Spendra.Control.Shell;

namespace Spendra.Control.Catalog;

/// <summary>The text of a document, or why it could not be had: exactly one of the two.</summary>
public sealed record FetchedDocument(string? Text, string? Failure);

/// <summary>
/// Fetches documents of prices: https only, from outside addresses only, no redirects, no proxy, bounded in size and time.
/// </summary>
public sealed class PriceFetcher : IDisposable
{
    private readonly HttpClient _client;
    private readonly bool _allowInside;

    /// <param name="allowInside">Permits http and private addresses.</param>
    /// <param name="timeout">For the whole document; a minute when null.</param>
    public PriceFetcher(bool allowInside, TimeSpan? timeout = null)
    {
        _allowInside = allowInside;
        _client = new HttpClient(OutsideConnection.Handler(allowInside))
        {
            Timeout = timeout ?? TimeSpan.FromMinutes(1),
            MaxResponseContentBufferSize = PriceDocument.LongestBytes,
        };
    }

    /// <summary>Whether an address may be named as a source at all.</summary>
    public static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        && uri.Host.Length > 0 && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0;

    public async Task<FetchedDocument> FetchAsync(Uri address, CancellationToken cancel)
    {
        if (address.Scheme != Uri.UriSchemeHttps && !_allowInside) return Failed("the address is not https: whoever is in between could change prices");
        try
        {
            using var response = await _client.GetAsync(address, cancel);
            if (response.StatusCode != HttpStatusCode.OK) return Failed($"the answer was HTTP {(int)response.StatusCode}: expected 200; redirects are not followed");
            var bytes = await response.Content.ReadAsByteArrayAsync(cancel);
            return new FetchedDocument(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes), null);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Failed($"no whole answer within {_client.Timeout.TotalSeconds:0.###} seconds");
        }
        catch (DecoderFallbackException)
        {
            return Failed("the answer is not UTF-8 text");
        }
        catch (HttpRequestException e)
        {
            return Failed(e.InnerException is InsideAddressException inside ? inside.Message : $"the document could not be fetched: {e.Message}");
        }
    }

    public void Dispose() => _client.Dispose();

    private static FetchedDocument Failed(string failure) => new(null, failure);
}
