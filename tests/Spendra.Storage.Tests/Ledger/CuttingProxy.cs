using System.Net;
using System.Net.Sockets;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>Stands between a client and PostgreSQL and cuts the connection at the moment that a test names.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly int _serverPort;
    private readonly Task _accepting;
    private Cut _cut;

    private enum Cut
    {
        None,
        /// <summary>The server gets the request; its answer is swallowed.</summary>
        AtAnswer,
        /// <summary>The server gets the request and the connection is closed at once, whatever becomes of it.</summary>
        AfterRequest,
        /// <summary>The server gets nothing.</summary>
        BeforeRequest,
    }

    public CuttingProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>New connections are accepted and closed.</summary>
    public bool IsDown { get; set; }

    public void SwallowNextAnswer() => _cut = Cut.AtAnswer;

    public void CutAfterNextRequest() => _cut = Cut.AfterRequest;

    public void CutBeforeNextRequest() => _cut = Cut.BeforeRequest;

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        await _accepting;
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var pairs = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_closing.Token);
                if (IsDown) client.Dispose();
                else pairs.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(pairs);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var ours = client;
        using var server = new TcpClient { NoDelay = true };
        ours.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _serverPort, _closing.Token);
            await Task.WhenAny(
                PumpAsync(ours.GetStream(), server.GetStream(), isRequest: true),
                PumpAsync(server.GetStream(), ours.GetStream(), isRequest: false));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Either side has gone.
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, bool isRequest)
    {
        var buffer = new byte[1 << 20];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, _closing.Token)) > 0)
            {
                if (isRequest && Take(Cut.BeforeRequest)) return;
                if (!isRequest && Take(Cut.AtAnswer)) return;
                await to.WriteAsync(buffer.AsMemory(0, read), _closing.Token);
                if (isRequest && Take(Cut.AfterRequest)) return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Either side has gone.
        }
    }

    private bool Take(Cut cut)
    {
        if (_cut != cut) return false;
        _cut = Cut.None;
        return true;
    }
}
