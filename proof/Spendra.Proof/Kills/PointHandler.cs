using System.Net;
using Spendra.Proof.Worlds;

namespace Spendra.Proof.Kills;

/// <summary>Stands in front of the connections to providers: points around the send, the request's body and each piece.</summary>
internal sealed class PointHandler(HttpMessageHandler inner, Trigger trigger) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        TracingIds.Mark(request);
        if (request.Content is { } content) request.Content = new PointContent(content, trigger);
        trigger.Pass(Points.NameOf(UpstreamStep.Send), Points.Before);
        var response = await base.SendAsync(request, cancellationToken);
        trigger.Pass(Points.NameOf(UpstreamStep.Send), Points.After);
        response.Content = new PointContent(response.Content, trigger);
        return response;
    }

    /// <summary>A body with a point before and after it is written, or before and after each piece that is read.</summary>
    private sealed class PointContent : HttpContent
    {
        private readonly HttpContent _inner;
        private readonly Trigger _trigger;

        public PointContent(HttpContent inner, Trigger trigger)
        {
            _inner = inner;
            _trigger = trigger;
            foreach (var (name, values) in inner.Headers.NonValidated) Headers.TryAddWithoutValidation(name, values);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            _trigger.Pass(Points.NameOf(UpstreamStep.WriteBody), Points.Before);
            await _inner.CopyToAsync(stream, context);
            _trigger.Pass(Points.NameOf(UpstreamStep.WriteBody), Points.After);
        }

        protected override async Task<Stream> CreateContentReadStreamAsync() =>
            new PointStream(await _inner.ReadAsStreamAsync(), _trigger);

        protected override bool TryComputeLength(out long length)
        {
            length = _inner.Headers.ContentLength ?? -1;
            return length >= 0;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _inner.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class PointStream(Stream inner, Trigger trigger) : Stream
    {
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
            trigger.Pass(Points.NameOf(UpstreamStep.ReadPiece), Points.Before);
            var read = await inner.ReadAsync(buffer, cancellationToken);
            trigger.Pass(Points.NameOf(UpstreamStep.ReadPiece), Points.After);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
