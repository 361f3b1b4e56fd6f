using System.Buffers;

namespace Spendra.Gateway.Metering;

/// <summary>
/// Reads a response as it passes. What goes in comes out, byte for byte and without delay, except for what the
/// client did not ask for and would stumble over.
/// </summary>
internal abstract class ResponseMeter : IDisposable
{
    /// <summary>Known so far; complete after <see cref="End"/>.</summary>
    public MeterReading Reading { get; } = new();

    /// <summary>Takes bytes from the provider and writes what the client gets of them.</summary>
    public abstract void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output);

    /// <summary>The provider's response has ended, or broke off; writes what was held back.</summary>
    public abstract void End(IBufferWriter<byte> output);

    public virtual void Dispose()
    {
    }
}

/// <summary>Reads a body that passes unchanged, so that it may also be read before any of it is passed on.</summary>
internal abstract class BodyMeter : ResponseMeter
{
    public abstract void Read(ReadOnlySpan<byte> bytes);

    /// <summary>The body is complete.</summary>
    public abstract void Finish();

    public sealed override void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        Read(bytes);
        output.Write(bytes);
    }

    public sealed override void End(IBufferWriter<byte> output) => Finish();
}

/// <summary>
/// Holds a body until it is whole, because what the client gets of it depends on all of it. For bodies of a bounded
/// size only.
/// </summary>
internal abstract class HeldMeter : ResponseMeter
{
    private readonly ArrayBufferWriter<byte> _held = new();

    public int HeldBytes => _held.WrittenCount;

    /// <summary>What the client gets of the whole body; null when it cannot be read and must not pass unread.</summary>
    public abstract ReadOnlyMemory<byte>? Finish();

    protected ReadOnlyMemory<byte> Held => _held.WrittenMemory;

    public void Hold(ReadOnlySpan<byte> bytes) => _held.Write(bytes);

    public sealed override void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output) => Hold(bytes);

    public sealed override void End(IBufferWriter<byte> output)
    {
        if (Finish() is { } body) output.Write(body.Span);
    }

    public override void Dispose()
    {
        _held.Clear();
        base.Dispose();
    }
}

/// <summary>Learns nothing: downloads, and answers of a type that was not expected.</summary>
internal sealed class BlindMeter : BodyMeter
{
    public override void Read(ReadOnlySpan<byte> bytes)
    {
    }

    public override void Finish()
    {
    }
}
