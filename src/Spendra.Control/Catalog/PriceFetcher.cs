using System.Net;
using System.Net.Sockets;
using System.Text;
using Spendra.Core.Governance;

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
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            MaxResponseHeadersLength = 64,
            ConnectCallback = (context, cancel) => ConnectAsync(context.DnsEndPoint, cancel),
        };
        _client = new HttpClient(handler)
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

    /// <summary>Connects to the first permitted address of a host, after its name was resolved.</summary>
    private async ValueTask<Stream> ConnectAsync(DnsEndPoint endpoint, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(endpoint.Host, cancel);
        var permitted = _allowInside ? addresses : [.. addresses.Where(a => !InsideNetworks.Contain(a.GetAddressBytes()))];
        if (permitted.Length == 0) throw new InsideAddressException();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(permitted, endpoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class InsideAddressException() : Exception("the address is private, which is not permitted here");
}
