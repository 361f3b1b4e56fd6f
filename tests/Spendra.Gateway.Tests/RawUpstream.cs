using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Spendra.Gateway.Tests;

/// <summary>
/// A provider at the level of bytes: reads each request whole and answers with whatever the test says, then closes
/// the connection. For answers that no well-behaved server can be made to give.
/// </summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, NetworkStream, Task> _answer;
    private readonly Task _accepting;
    private int _requests;

    private RawUpstream(Func<string, NetworkStream, Task> answer)
    {
        _answer = answer;
        _listener.Start(512);
        _accepting = AcceptAsync();
    }

    public string BaseUrl => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Answers by what was asked: the request line comes first.</summary>
    public static RawUpstream Start(Func<string, NetworkStream, Task> answer) => new(answer);

    public static RawUpstream Start(Func<NetworkStream, Task> answer) => new((_, stream) => answer(stream));

    public static RawUpstream Start(Func<byte[]> answer) => new(async (_, stream) => await stream.WriteAsync(answer()));

    public static byte[] Http(string head, string body = "") => Encoding.Latin1.GetBytes(head.ReplaceLineEndings("\r\n") + "\r\n\r\n" + body);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                if (await ReadRequestAsync(stream) is not { } request) return;
                Interlocked.Increment(ref _requests);
                await _answer(request, stream);
            }
            catch (IOException)
            {
                // The gateway has left.
            }
        }
    }

    private static async Task<string?> ReadRequestAsync(NetworkStream stream)
    {
        var received = new List<byte>();
        var piece = new byte[16 * 1024];
        while (true)
        {
            var read = await stream.ReadAsync(piece);
            if (read == 0) return null;
            received.AddRange(piece.AsSpan(0, read));
            var text = Encoding.Latin1.GetString([.. received]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) continue;
            var length = text[..end].Split("\r\n").FirstOrDefault(l => l.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase));
            if (received.Count >= end + 4 + (length is null ? 0 : int.Parse(length["content-length:".Length..]))) return text;
        }
    }
}
