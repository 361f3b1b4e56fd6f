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
