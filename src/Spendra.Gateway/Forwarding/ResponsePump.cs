using System.Buffers;
using Microsoft.AspNetCore.Http;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Forwarding;

/// <summary>How a response ended.</summary>
internal enum PumpEnd
{
    /// <summary>The provider said everything it had to say.</summary>
    Complete,
    /// <summary>The provider broke off, fell silent, or said more than is passed on.</summary>
    Broken,
}

/// <summary>
/// Carries a response from the provider to the client, piece by piece, past a meter. When the client goes, the
/// reading goes on, bounded in time and size, so that the usage is known: a hang-up never makes a call free.
/// </summary>
internal sealed class ResponsePump(GatewayOptions options, UpstreamPatience patience, HttpContext context)
{
    private const int PieceBytes = 16 * 1024;

    private DiscardingWriter? _discard;
    private long _detachedBytes;
    private bool _isObjectKnown;
    private bool _isBetweenEvents = true;

    /// <summary>The provider was given up on, in place of ending the connection itself.</summary>
    public bool HasTimedOut { get; private set; }

    /// <summary>
    /// What has passed ends with a whole event, and the client is still there: one more can be told. Half an event that
    /// is followed by another would be read as one.
    /// </summary>
    public bool CanTellMore => _isBetweenEvents && !patience.IsDetached;

    /// <summary>Runs before the client sees the id of an object that the response makes.</summary>
    public Func<string, Task>? OnObjectMade { get; init; }

    /// <summary>Passes the whole stream.</summary>
    public async Task<PumpEnd> RunAsync(Stream upstream, ResponseMeter meter)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        long total = 0;
        try
        {
            while (true)
            {
                var read = await ReadAsync(upstream, piece);
                if (read < 0) return await EndAsync(meter, PumpEnd.Broken);
                if (read == 0) return await EndAsync(meter, PumpEnd.Complete);
                total += read;
                if (total > options.MaxResponseBytes) return await EndAsync(meter, PumpEnd.Broken);
                if (patience.IsDetached && (_detachedBytes += read) > options.DetachedBytes)
                    return await EndAsync(meter, PumpEnd.Broken);
                _isBetweenEvents = EndsEvent(piece.AsSpan(0, read));
                meter.Pass(piece.AsSpan(0, read), Output);
                await NoteObjectAsync(meter.Reading);
                await FlushAsync();
            }
        }
        finally
        {
            // A completion may stand in it; the next renter gets it clean.
            ArrayPool<byte>.Shared.Return(piece, clearArray: true);
        }
    }

    /// <summary>Reads one piece: its length, 0 at the end, -1 when the provider broke off or fell silent.</summary>
    public async ValueTask<int> ReadAsync(Stream upstream, Memory<byte> piece)
    {
        try
        {
            patience.AwaitPiece();
            return await upstream.ReadAsync(piece, patience.Token);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            HasTimedOut = e is OperationCanceledException;
            return -1;
        }
    }

    /// <summary>Reads until the end, or until there is no more room: how many bytes, and whether they are all or the provider broke off.</summary>
    public async ValueTask<(int Length, bool IsComplete, bool IsBroken)> ReadHeadAsync(Stream upstream, Memory<byte> head)
    {
        var length = 0;
        while (length < head.Length)
        {
            var read = await ReadAsync(upstream, head[length..]);
            if (read < 0) return (length, false, true);
            if (read == 0) return (length, true, false);
            length += read;
        }
        return (length, false, false);
    }

    /// <summary>Passes on what the provider did not say. After the end, and when <see cref="CanTellMore"/>.</summary>
    public async Task TellAsync(ReadOnlyMemory<byte> text)
    {
        Output.Write(text.Span);
        await FlushAsync();
    }

    // A piece that begins inside the line ends is taken for the middle of an event, which tells one event less.
    private static bool EndsEvent(ReadOnlySpan<byte> piece) =>
        piece.EndsWith("\n\n"u8) || piece.EndsWith("\r\n\r\n"u8) || piece.EndsWith("\r\r"u8);

    private IBufferWriter<byte> Output => patience.IsDetached ? _discard ??= new DiscardingWriter() : context.Response.BodyWriter;

    private async Task<PumpEnd> EndAsync(ResponseMeter meter, PumpEnd end)
    {
        meter.End(Output);
        await NoteObjectAsync(meter.Reading);
        await FlushAsync();
        return end;
    }

    /// <summary>To be called whenever more has been read and before it is passed on.</summary>
    public async ValueTask NoteObjectAsync(MeterReading reading)
    {
        if (_isObjectKnown || OnObjectMade is null || reading.ObjectId is not { } id) return;
        _isObjectKnown = true;
        await OnObjectMade(id);
    }

    private async ValueTask FlushAsync()
    {
        if (patience.IsDetached) return;
        try
        {
            // The provider's clock does not run while the client is waited for, and giving up on the client must not
            // give up on the provider.
            var flush = context.Response.BodyWriter.FlushAsync(CancellationToken.None);
            if (!flush.IsCompletedSuccessfully) patience.AwaitClient();
            var result = flush.IsCompletedSuccessfully
                ? flush.Result
                : await flush.AsTask().WaitAsync(TimeSpan.FromSeconds(options.StreamIdleSeconds), patience.Time);
            if (result.IsCompleted) patience.Detach();
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException or IOException)
        {
            // A client that does not read for so long is as good as gone.
            context.Abort();
            patience.Detach();
        }
    }

    /// <summary>Where bytes go that nobody wants.</summary>
    private sealed class DiscardingWriter : IBufferWriter<byte>
    {
        private byte[] _scratch = [];

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => Scratch(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => Scratch(sizeHint);

        private byte[] Scratch(int sizeHint)
        {
            if (_scratch.Length < Math.Max(sizeHint, 1)) _scratch = new byte[Math.Max(sizeHint, 4096)];
            return _scratch;
        }
    }
}
