using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Spendra.Simulation.Scheduling;

namespace Spendra.Simulation.Provider;

/// <summary>How a response from the provider ends.</summary>
internal enum SimContentEnd
{
    Complete,
    Broken,
    Silent,
}

internal sealed class SimContent : HttpContent
{
    private readonly SimUpstream _stream;

    public SimContent(SimUpstream stream, string type)
    {
        _stream = stream;
        Headers.ContentType = new MediaTypeHeaderValue(type);
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(_stream);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>A response as it arrives: piece by piece, each after a while.</summary>
internal sealed class SimUpstream(SimLoop loop, SimRandom random, IReadOnlyList<string> pieces, SimContentEnd end) : Stream
{
    private int _next;
    private ReadOnlyMemory<byte> _rest;

    /// <summary>Called when the reader has read the end.</summary>
    public Action? Ended { get; init; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty)
        {
            await loop.DelayAsync(random.Between(5, 60_000)).WaitAsync(cancellationToken);
            if (_next == pieces.Count)
            {
                if (end == SimContentEnd.Broken) throw new IOException("the provider broke off");
                if (end == SimContentEnd.Silent) await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
                Ended?.Invoke();
                return 0;
            }
            _rest = Encoding.UTF8.GetBytes(pieces[_next++]);
        }
        // Pieces do not arrive as they were sent.
        var length = Math.Min(buffer.Length, random.Chance(300) ? 1 + random.Below(_rest.Length) : _rest.Length);
        _rest[..length].CopyTo(buffer);
        _rest = _rest[length..];
        return length;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
