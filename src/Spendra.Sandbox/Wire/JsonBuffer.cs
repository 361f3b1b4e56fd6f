using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.ObjectPool;

namespace Spendra.Sandbox.Wire;

/// <summary>A growing piece of memory with a JSON writer on it, pooled because every answer needs one.</summary>
internal sealed class JsonBuffer : IDisposable
{
    private const int MaxPooledBytes = 128 * 1024;
    private static readonly DefaultObjectPool<JsonBuffer> s_pool = new(new Policy(), maximumRetained: 256);

    private JsonBuffer()
    {
        Json = new Utf8JsonWriter(Bytes, new JsonWriterOptions
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            SkipValidation = true,
        });
    }

    public ArrayBufferWriter<byte> Bytes { get; } = new(1024);

    public Utf8JsonWriter Json { get; }

    public ReadOnlyMemory<byte> Written => Bytes.WrittenMemory;

    public static JsonBuffer Rent() => s_pool.Get();

    /// <summary>Gives the buffer back; what was written must no longer be used.</summary>
    public void Dispose() => s_pool.Return(this);

    /// <summary>Forgets what was written.</summary>
    public void Clear()
    {
        Json.Reset();
        Bytes.ResetWrittenCount();
    }

    private sealed class Policy : PooledObjectPolicy<JsonBuffer>
    {
        public override JsonBuffer Create() => new();

        public override bool Return(JsonBuffer buffer)
        {
            buffer.Clear();
            return buffer.Bytes.Capacity <= MaxPooledBytes;
        }
    }
}
