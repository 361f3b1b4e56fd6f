using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Spendra.Simulation.Scheduling;

namespace Spendra.Simulation.Clients;

/// <summary>A response on its way to a client that may read slowly or be gone.</summary>
internal sealed class SimResponse : IHttpResponseFeature, IHttpResponseBodyFeature
{
    private readonly SimExchange _exchange;
    private readonly SimWriter _writer;

    public SimResponse(SimLoop loop, SimExchange exchange, bool isSlowReader)
    {
        _exchange = exchange;
        _writer = new SimWriter(this, loop, isSlowReader);
        Stream = new SimBody(_writer);
        Body = Stream;
    }

    public ReadOnlySpan<byte> Written => _writer.Written;

    public int StatusCode { get; set; } = 200;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    public Stream Body { get; set; }

    public bool HasStarted { get; private set; }

    public Stream Stream { get; }

    public PipeWriter Writer => _writer;

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (!HasStarted)
        {
            HasStarted = true;
            _exchange.Head(StatusCode);
        }
        return Task.CompletedTask;
    }

    public void DisableBuffering()
    {
    }

    public void OnStarting(Func<object, Task> callback, object state) => throw new NotSupportedException();

    public void OnCompleted(Func<object, Task> callback, object state) => throw new NotSupportedException();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task CompleteAsync() => Task.CompletedTask;

    private sealed class SimWriter(SimResponse response, SimLoop loop, bool isSlowReader) : PipeWriter
    {
        private readonly ArrayBufferWriter<byte> _buffer = new();

        public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

        public override void Advance(int bytes) => _buffer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetSpan(sizeHint);

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            await response.StartAsync(CancellationToken.None);
            if (isSlowReader) await loop.DelayAsync(loop.Random.Between(10, 400_000));
            return new FlushResult(isCanceled: false, isCompleted: response._exchange.IsOver);
        }
    }

    private sealed class SimBody(PipeWriter writer) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            writer.Write(buffer.Span);
            // Like the real server: what is written for a client that has gone is dropped.
            await writer.FlushAsync(cancellationToken);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => writer.Write(buffer.AsSpan(offset, count));
    }
}
