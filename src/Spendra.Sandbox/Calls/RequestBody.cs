using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Spendra.Sandbox.Calls;

/// <summary>A request body in one rented piece of memory. Dispose it to give the memory back.</summary>
internal struct RequestBody : IDisposable
{
    private const int FirstBytes = 4096;
    private byte[] _rented;
    private int _length;

    /// <summary>False when the body is longer than was allowed; then only its beginning is here.</summary>
    public bool IsComplete { get; private set; }

    public readonly ReadOnlyMemory<byte> Memory => _rented.AsMemory(0, _length);

    public readonly ReadOnlySpan<byte> Span => _rented.AsSpan(0, _length);

    /// <exception cref="OperationCanceledException">The client left.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        var expected = request.ContentLength ?? FirstBytes;
        // One byte more than announced: the read that finds the end needs room to find nothing in.
        var body = new RequestBody
        {
            _rented = ArrayPool<byte>.Shared.Rent((int)Math.Min(expected, Math.Min(maxBytes, 1024 * 1024)) + 1),
        };
        if (request.ContentLength == 0)
        {
            body.IsComplete = true;
            return body;
        }
        var reader = request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var room = maxBytes - body._length;
            foreach (var segment in result.Buffer)
                body.Append(segment.Span[..Math.Min(segment.Length, maxBytes - body._length)]);
            var isTooLong = result.Buffer.Length > room;
            reader.AdvanceTo(result.Buffer.End);
            if (isTooLong || result.IsCompleted)
            {
                body.IsComplete = !isTooLong;
                return body;
            }
        }
    }

    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(_rented);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_rented.Length - _length < bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_rented.Length * 2, _length + bytes.Length));
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = larger;
        }
        bytes.CopyTo(_rented.AsSpan(_length));
        _length += bytes.Length;
    }
}
