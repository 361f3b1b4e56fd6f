using System.Net;
using System.Net.Sockets;

namespace Spendra.Proof.Network;

/// <summary>
/// Stands between two parties and passes their bytes, until the byte at which it was told to fail. Counts from the
/// moment it is armed, over whatever connection carries the exchange.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly int _targetPort;
    private readonly TimeSpan? _mostStall;
    private Task _accepting;
    private readonly Lock _gate = new();
    private readonly HashSet<Pair> _pairs = [];
    private readonly long[] _passed = new long[2];
    private Cut? _cut;
    private bool _isSilent;
    private TaskCompletionSource _struck = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="targetPort">Whom the bytes are for.</param>
    /// <param name="mostStall">A stall turns into a reset after so long, as TCP's keep-alive would have it. Null: whoever waits must end it.</param>
    public FaultProxy(int targetPort, TimeSpan? mostStall = null)
    {
        _targetPort = targetPort;
        _mostStall = mostStall;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync(_listener);
    }

    public int Port { get; }

    /// <summary>False: connections are refused, and those of before are ended.</summary>
    public bool IsListening
    {
        set
        {
            if (!value)
            {
                _listener.Stop();
                DropConnections();
                return;
            }
            _listener = new TcpListener(IPAddress.Loopback, Port);
            _listener.Start();
            var before = _accepting;
            _accepting = Task.WhenAll(before, AcceptAsync(_listener));
        }
    }

    /// <summary>The cut that was armed last has happened.</summary>
    public bool HasStruck { get; private set; }

    /// <summary>Completes when the cut that was armed last happens.</summary>
    public Task Struck => Volatile.Read(ref _struck).Task;

    /// <summary>Begins to count an exchange; null lets it pass.</summary>
    public void Arm(Cut? cut)
    {
        lock (_gate)
        {
            _cut = cut;
            _passed.AsSpan().Clear();
            HasStruck = false;
            _struck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends a silence: whoever waits is told by the end of the connection, as by TCP's keep-alive, and new connections are served.</summary>
    public void Wake()
    {
        Pair[] all;
        lock (_gate)
        {
            // Whatever comes later is not struck any more: nobody would wake it up.
            (_isSilent, _cut, all) = (false, null, [.. _pairs]);
            // What came in during the silence and was not read yet may not slip out before the end.
            foreach (var pair in all) pair.IsOver = true;
        }
        foreach (var pair in all) pair.End(reset: true);
    }

    /// <summary>Bytes that have passed since the proxy was armed.</summary>
    public long Passed(Direction direction)
    {
        lock (_gate) return _passed[(int)direction];
    }

    /// <summary>Ends every connection: the next exchange begins with a new one.</summary>
    public void DropConnections()
    {
        Pair[] all;
        lock (_gate) all = [.. _pairs];
        foreach (var pair in all) pair.End(reset: false);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        DropConnections();
        await _accepting;
        _closing.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var near = await listener.AcceptSocketAsync(_closing.Token);
                serving.RemoveAll(s => s.IsCompleted);
                serving.Add(ServeAsync(near));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket near)
    {
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        var pair = new Pair(near, far);
        lock (_gate) _pairs.Add(pair);
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _targetPort, _closing.Token);
            await Task.WhenAll(PumpAsync(pair, near, far, Direction.Request), PumpAsync(pair, far, near, Direction.Answer));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody is there, or either side has gone.
        }
        finally
        {
            lock (_gate) _pairs.Remove(pair);
            near.Dispose();
            far.Dispose();
        }
    }

    private async Task PumpAsync(Pair pair, Socket from, Socket to, Direction direction)
    {
        var buffer = new byte[64 * 1024];
        var isDeaf = false;
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(buffer.AsMemory());
                if (read == 0) break;
                // What comes after a half-close or a stall is taken and forgotten.
                if (isDeaf) continue;
                var (passes, fault) = Take(pair, direction, read);
                for (var sent = 0; sent < passes;) sent += await to.SendAsync(buffer.AsMemory(sent, passes - sent));
                if (fault is not { } struck) continue;
                isDeaf = true;
                if (struck is Fault.Close or Fault.Reset) pair.End(struck == Fault.Reset);
                else if (struck == Fault.HalfClose) to.Shutdown(SocketShutdown.Send);
                else if (struck == Fault.Stall && _mostStall is { } limit) _ = pair.ResetAfterAsync(limit);
            }
            if (isDeaf) pair.End(reset: false);
            else to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            pair.End(reset: false);
        }
    }

    /// <summary>How many of these bytes pass, and what happens after them.</summary>
    private (int Passes, Fault? Fault) Take(Pair pair, Direction direction, int bytes)
    {
        lock (_gate)
        {
            if (_isSilent || pair.IsOver) return (0, null);
            var passed = _passed[(int)direction];
            if (_cut is not { } cut || cut.Direction != direction || passed + bytes < cut.Offset || HasStruck)
            {
                _passed[(int)direction] += bytes;
                return (bytes, null);
            }
            HasStruck = true;
            _struck.TrySetResult();
            _isSilent = cut.Fault == Fault.Silence;
            _passed[(int)direction] = cut.Offset;
            return ((int)(cut.Offset - passed), cut.Fault);
        }
    }

    private sealed class Pair(Socket near, Socket far)
    {
        /// <summary>Nothing passes any more; guarded by the proxy's gate.</summary>
        public bool IsOver { get; set; }

        public void End(bool reset)
        {
            foreach (var socket in (Socket[])[near, far])
            {
                try
                {
                    // Closing a socket that somebody still reads from resets the connection, whatever was asked for.
                    if (!reset)
                    {
                        socket.Shutdown(SocketShutdown.Both);
                        continue;
                    }
                    socket.LingerState = new LingerOption(true, 0);
                    socket.Close();
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // It was closed already.
                }
            }
        }

        public async Task ResetAfterAsync(TimeSpan time)
        {
            await Task.Delay(time);
            End(reset: true);
        }
    }
}
