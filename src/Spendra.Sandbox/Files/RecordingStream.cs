namespace Spendra.Sandbox.Files;

/// <summary>Reads from another stream and keeps a copy of the beginning.</summary>
internal sealed class RecordingStream(Stream inner, int maxBytes) : Stream
{
    private readonly MemoryStream _copy = new();
    private long _read;

    /// <summary>Nothing passed that was not kept.</summary>
    public bool IsWhole => _read == _copy.Length;

    public ReadOnlySpan<byte> Recorded => _copy.GetBuffer().AsSpan(0, (int)_copy.Length);

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        _read += read;
        _copy.Write(buffer.Span[..(int)Math.Min(read, maxBytes - _copy.Length)]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
