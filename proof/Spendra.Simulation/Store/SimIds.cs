using System.Buffers.Binary;
using Spendra.Simulation.Scheduling;
using Spendra.Storage;

namespace Spendra.Simulation.Store;

/// <summary>Ids of the form of UUID version 7, from the seed.</summary>
internal sealed class SimIds(SimRandom random) : IdSource
{
    /// <summary>The id that was made last: whoever has begun something can tell which id it got.</summary>
    public Guid Last { get; private set; }

    public override Guid Next(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, at.ToUnixTimeMilliseconds() << 16);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | random.Below(0x1000)));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], random.NextBits() >> 2 | 0x8000_0000_0000_0000);
        return Last = new Guid(bytes, bigEndian: true);
    }

    /// <summary>Names the cut of a window's cap by a change of rules.</summary>
    public static Guid CapCut(Guid windowId, long epoch)
    {
        Span<byte> bytes = stackalloc byte[16];
        windowId.TryWriteBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) ^ epoch);
        return new Guid(bytes);
    }

    /// <summary>A plain id of the world's furniture.</summary>
    public static Guid Of(int number) => new(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7);
}
