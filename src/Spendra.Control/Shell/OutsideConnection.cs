using System.Net;
using System.Net.Sockets;
using Spendra.Core.Governance;

namespace Spendra.Control.Shell;

/// <summary>
/// How the control plane calls addresses that people name: no redirect, no proxy, no cookies, nothing unpacked, and no private
/// address unless it is permitted. The address is checked after its name was resolved, and that very address is connected to.
/// </summary>
internal static class OutsideConnection
{
    private const int LongestHeadersKilobytes = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <param name="allowInside">Private, loopback and link-local addresses too.</param>
    public static SocketsHttpHandler Handler(bool allowInside) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = Patience,
        MaxResponseHeadersLength = LongestHeadersKilobytes,
        ConnectCallback = (context, cancel) => OpenAsync(context.DnsEndPoint, allowInside, cancel),
    };

    /// <summary>A connection to an address that somebody named, for what is not HTTP.</summary>
    /// <exception cref="InsideAddressException">The name leads to private addresses alone.</exception>
    public static async ValueTask<Stream> OpenAsync(DnsEndPoint endpoint, bool allowInside, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(endpoint.Host, cancel);
        var permitted = allowInside ? addresses : [.. addresses.Where(a => !InsideNetworks.Contain(a.GetAddressBytes()))];
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
}

/// <summary>A name led to private addresses alone. One line that says so.</summary>
internal sealed class InsideAddressException() : Exception("the address is private, which is not permitted here");
