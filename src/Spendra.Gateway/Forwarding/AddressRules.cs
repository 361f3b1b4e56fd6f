using System.Net;
using System.Net.Sockets;

namespace Spendra.Gateway.Forwarding;

/// <summary>
/// Which addresses a provider account may lead to. Checked when connecting, after name resolution, so that a name
/// that resolves to an inside address does not get in either.
/// </summary>
internal static class AddressRules
{
    private static readonly IPNetwork[] Inside =
    [
        IPNetwork.Parse("0.0.0.0/8"),
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.0.0.0/24"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("198.18.0.0/15"),
        IPNetwork.Parse("224.0.0.0/3"),
        // Unspecified, loopback, and IPv4 addresses written inside IPv6 ones: compatible, NAT64, Teredo, 6to4.
        IPNetwork.Parse("::/96"),
        IPNetwork.Parse("64:ff9b::/96"),
        IPNetwork.Parse("64:ff9b:1::/48"),
        IPNetwork.Parse("2001::/32"),
        IPNetwork.Parse("2002::/16"),
        IPNetwork.Parse("fc00::/7"),
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("fec0::/10"),
        IPNetwork.Parse("ff00::/8"),
    ];

    /// <summary>True for private, loopback, link-local, shared, multicast and reserved addresses.</summary>
    public static bool IsInside(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var network in Inside)
        {
            if (network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address)) return true;
        }
        return false;
    }

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
