using System.Net;
using System.Net.Sockets;
using Spendra.Core.Governance;

namespace Spendra.Gateway.Forwarding;

/// <summary>
/// Which addresses a provider account may lead to. Checked when connecting, after name resolution, so that a name
/// that resolves to an inside address does not get in either.
/// </summary>
internal static class AddressRules
{
    /// <summary>True for private, loopback, link-local, shared, multicast and reserved addresses.</summary>
    public static bool IsInside(IPAddress address) => InsideNetworks.Contain(address.GetAddressBytes());

    /// <summary>Resolves and connects to the first permitted address.</summary>
    /// <exception cref="UpstreamAddressException">Every address of the host is inside.</exception>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint endpoint, bool allowInside, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(endpoint.Host, cancel);
        var permitted = allowInside ? addresses : [.. addresses.Where(a => !IsInside(a))];
        if (permitted.Length == 0)
        {
            throw new UpstreamAddressException(
                "The provider account leads to a private address, which is not permitted here. Ask the platform's owner to check its base URL.");
        }
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

/// <summary>A provider account leads to an address that is not permitted.</summary>
internal sealed class UpstreamAddressException(string message) : Exception(message);
