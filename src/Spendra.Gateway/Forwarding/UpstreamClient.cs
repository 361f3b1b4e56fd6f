using System.Net;
using System.Net.Security;

namespace Spendra.Gateway.Forwarding;

/// <summary>How a request to a provider failed.</summary>
internal enum UpstreamFailure
{
    /// <summary>No connection was made: the provider knows nothing of the request.</summary>
    NeverSent,
    /// <summary>The request was on its way: the provider may have worked and may bill.</summary>
    Unknown,
}

/// <summary>
/// The connections to providers: pooled, no redirects, no cookies, no proxy, no decompression (the bytes pass as
/// they are), HTTP/1.1.
/// </summary>
internal sealed class UpstreamClient : IDisposable
{
    private readonly HttpMessageInvoker _providers;
    private readonly HttpMessageInvoker _sandbox;

    /// <param name="handler">Stands for every provider, the sandbox included. Owned by the client from here on.</param>
    internal UpstreamClient(HttpMessageHandler handler) => _providers = _sandbox = new HttpMessageInvoker(handler);

    public UpstreamClient(GatewayOptions options)
    {
        var connectTimeout = TimeSpan.FromSeconds(options.UpstreamConnectSeconds);
        _providers = new HttpMessageInvoker(MakeHandler(options.AllowPrivateUpstreams, connectTimeout));
        _sandbox = new HttpMessageInvoker(MakeHandler(allowInside: true, connectTimeout));
    }

    /// <summary>Sends one request and returns when the response's headers are there.</summary>
    public Task<HttpResponseMessage> SendAsync(
        DispatchPermit permit, HttpRequestMessage request, bool isSandbox, CancellationToken cancel)
    {
        permit.Use();
        return SendAsync(request, isSandbox, cancel);
    }

    /// <summary>
    /// Sends what costs nothing and only stands around the permitted request: opening and closing its session. Needs the
    /// permit, and does not use it up.
    /// </summary>
    public Task<HttpResponseMessage> SendBesideAsync(
        DispatchPermit permit, HttpRequestMessage request, bool isSandbox, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(permit);
        return SendAsync(request, isSandbox, cancel);
    }

    /// <summary>Asks for something that a reservation waits for and that costs nothing.</summary>
    public Task<HttpResponseMessage> SendFollowingAsync(
        FollowPermit permit, HttpRequestMessage request, bool isSandbox, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(permit);
        return SendAsync(request, isSandbox, cancel);
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool isSandbox, CancellationToken cancel)
    {
        request.Version = HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return (isSandbox ? _sandbox : _providers).SendAsync(request, cancel);
    }

    public static UpstreamFailure Classify(Exception exception) => exception switch
    {
        UpstreamAddressException => UpstreamFailure.NeverSent,
        HttpRequestException { InnerException: UpstreamAddressException } => UpstreamFailure.NeverSent,
        // How the handler tells that its connect timeout was over; the request's own time ends without an inner one.
        OperationCanceledException { InnerException: TimeoutException } => UpstreamFailure.NeverSent,
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError
        } => UpstreamFailure.NeverSent,
        _ => UpstreamFailure.Unknown,
    };

    public void Dispose()
    {
        _providers.Dispose();
        _sandbox.Dispose();
    }

    internal static HttpMessageHandler MakeHandler(bool allowInside, TimeSpan connectTimeout) => new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = 64,
        ConnectTimeout = connectTimeout,
        // Shorter than what providers keep idle connections for: a request on a connection that is being closed
        // has an unknown outcome.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        SslOptions = new SslClientAuthenticationOptions { EnabledSslProtocols = System.Security.Authentication.SslProtocols.None },
        ConnectCallback = (context, cancel) => AddressRules.ConnectAsync(context.DnsEndPoint, allowInside, cancel),
    };
}
