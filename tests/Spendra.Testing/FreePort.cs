using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Spendra.Testing;

/// <summary>A TCP port on 127.0.0.1 that nobody listens on now and that this process has not handed out before.</summary>
public static class FreePort
{
    // Below Linux's ephemeral range (32768-60999): a port from that range, once found free, may be taken by any
    // outgoing connection before its owner listens on it. Load tests open thousands of those.
    private const int FirstPort = 15_000;
    private const int LastPort = 32_000;

    private static readonly ConcurrentDictionary<int, bool> HandedOut = new();

    public static int Next()
    {
        for (var attempt = 0; attempt < 10_000; attempt++)
        {
            var port = Random.Shared.Next(FirstPort, LastPort);
            if (CanListen(port) && HandedOut.TryAdd(port, true))
                return port;
        }

        throw new InvalidOperationException($"No free port between {FirstPort} and {LastPort} on 127.0.0.1.");
    }

    private static bool CanListen(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
