using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Spendra.Simulation.Tests;

/// <summary>A response that behaves like the one behind it but for what a test overrides.</summary>
internal abstract class PassingBody(IHttpResponseBodyFeature inner) : PipeWriter, IHttpResponseBodyFeature
{
    public Stream Stream => inner.Stream;

    public PipeWriter Writer => this;

    public override void Advance(int bytes) => inner.Writer.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.Writer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.Writer.GetSpan(sizeHint);

    public override void CancelPendingFlush() => inner.Writer.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Writer.Complete(exception);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.Writer.FlushAsync(cancellationToken);

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        inner.SendFileAsync(path, offset, count, cancellationToken);

    public Task CompleteAsync() => inner.CompleteAsync();
}

/// <summary>Hangs up on the client after the first piece, and says that the client has gone: the reading goes on, and all is booked.</summary>
internal sealed class ImpatientBody(HttpContext context, IHttpResponseBodyFeature inner) : PassingBody(inner)
{
    public static void Put(HttpContext context) =>
        context.Features.Set<IHttpResponseBodyFeature>(new ImpatientBody(context, context.Features.GetRequiredFeature<IHttpResponseBodyFeature>()));

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        await base.FlushAsync(cancellationToken);
        context.Abort();
        return new FlushResult(isCanceled: false, isCompleted: true);
    }
}

/// <summary>Swallows all that follows the first piece, and ends as if it had been passed on.</summary>
internal sealed class ForgetfulBody(IHttpResponseBodyFeature inner) : PassingBody(inner)
{
    private readonly ArrayBufferWriter<byte> _swallowed = new();
    private bool _isFull;

    public static void Put(HttpContext context) =>
        context.Features.Set<IHttpResponseBodyFeature>(new ForgetfulBody(context.Features.GetRequiredFeature<IHttpResponseBodyFeature>()));

    public override void Advance(int bytes)
    {
        if (_isFull) _swallowed.Advance(bytes);
        else base.Advance(bytes);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _isFull ? _swallowed.GetMemory(sizeHint) : base.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _isFull ? _swallowed.GetSpan(sizeHint) : base.GetSpan(sizeHint);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var result = await base.FlushAsync(cancellationToken);
        _isFull = true;
        return result;
    }
}
