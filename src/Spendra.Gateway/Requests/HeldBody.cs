using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Spendra.Gateway.Requests;

/// <summary>A request body in a rented buffer, of which it gives back the use when disposed.</summary>
internal sealed class HeldBody : IDisposable
{
    // What a client announces is believed up to here; beyond it memory is taken as the bytes come.
    private const int MaxFirstBytes = 256 * 1024;

    private byte[]? _buffer;

    private HeldBody(byte[] buffer, int length)
    {
        _buffer = buffer;
        Bytes = buffer.AsMemory(0, length);
    }

    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Reads a whole body; null when it is larger than <paramref name="maxBytes"/>.</summary>
    public static async Task<HeldBody?> ReadAsync(HttpRequest request, long maxBytes, CancellationToken cancel)
    {
        if (request.ContentLength > maxBytes) return null;
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(request.ContentLength ?? 4096, MaxFirstBytes) + 1);
        var length = 0;
        try
        {
            while (true)
            {
                var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancel);
                if (read == 0) return new HeldBody(buffer, length);
                length += read;
                if (length > maxBytes)
                {
                    ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
                    return null;
                }
                if (length == buffer.Length) buffer = Grow(buffer);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            throw;
        }
    }

    public void Dispose()
    {
        if (_buffer is not { } buffer) return;
        _buffer = null;
        // Prompts are nobody else's: the next renter of the buffer gets it clean.
        buffer.AsSpan(0, Bytes.Length).Clear();
        Bytes = default;
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static byte[] Grow(byte[] full)
    {
        var larger = ArrayPool<byte>.Shared.Rent(full.Length * 2);
        full.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(full, clearArray: true);
        return larger;
    }
}
