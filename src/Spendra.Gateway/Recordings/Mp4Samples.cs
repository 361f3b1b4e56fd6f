using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// How large the samples of MP4 tracks are. Decoders play every frame of AAC that they find in a sample: one that is larger
/// than a frame can be has several.
/// </summary>
internal sealed class Mp4Samples
{
    // ISO/IEC 14496-3, 4.5.1: what a decoder must be able to hold of each channel, and so the most that a frame has.
    private const int MostBitsOfChannel = 6_144;
    private const int MostBytesOfChannel = MostBitsOfChannel / 8;

    private const int CountAt = 8;
    private const int TableAt = 12;

    private long _largest;
    private long _largestDefault;
    private int _leastChannels = int.MaxValue;
    private bool _usesDefault;
    private bool _isUnknown;

    /// <summary>Whether every sample is as large as one frame can be at most. Of tracks without sound nothing is asked.</summary>
    public bool AreFrames => _leastChannels == int.MaxValue
        || !_isUnknown && !(_usesDefault && _largestDefault == 0)
            && Math.Max(_largest, _usesDefault ? _largestDefault : 0) <= (long)_leastChannels * MostBytesOfChannel;

    /// <summary>The samples are sound of so many channels; of several descriptions the one with the fewest counts.</summary>
    public void NoteChannels(int channels) => _leastChannels = Math.Min(_leastChannels, channels);

    /// <summary><c>stsz</c>: one size for all, or a table.</summary>
    public void TakeSizes(ReadOnlySpan<byte> content)
    {
        if (content.Length < TableAt) _isUnknown = true;
        else if (BinaryPrimitives.ReadUInt32BigEndian(content[4..]) is > 0 and var size) Note(size);
        else TakeTable(content, bits: 32);
    }

    /// <summary><c>stz2</c>: a table of numbers of 4, 8 or 16 bits.</summary>
    public void TakePackedSizes(ReadOnlySpan<byte> content)
    {
        if (content.Length < TableAt || content[7] is not (4 or 8 or 16)) _isUnknown = true;
        else TakeTable(content, content[7]);
    }

    /// <summary><c>trex</c>: what fragments have where they say nothing.</summary>
    public void TakeDefaults(ReadOnlySpan<byte> content)
    {
        const int sizeAt = 16;
        if (content.Length < sizeAt + 4) _isUnknown = true;
        else NoteDefault(BinaryPrimitives.ReadUInt32BigEndian(content[sizeAt..]));
    }

    /// <summary><c>tfhd</c>: the same for one fragment.</summary>
    public void TakeFragment(ReadOnlySpan<byte> content)
    {
        const int sizeFlag = 0x10;
        if (content.Length < 8)
        {
            _isUnknown = true;
            return;
        }
        var at = 8 + ((content[3] & 1) != 0 ? 8 : 0) + ((content[3] & 2) != 0 ? 4 : 0) + ((content[3] & 8) != 0 ? 4 : 0);
        if ((content[3] & sizeFlag) == 0) return;
        if (content.Length < at + 4) _isUnknown = true;
        else NoteDefault(BinaryPrimitives.ReadUInt32BigEndian(content[at..]));
    }

    /// <summary><c>trun</c>: a table with what its flags announce, or the default.</summary>
    public void TakeRun(ReadOnlySpan<byte> content)
    {
        if (content.Length < 8)
        {
            _isUnknown = true;
            return;
        }
        var flags = content[2] << 8 | content[3];
        if ((flags & 0x200) == 0)
        {
            _usesDefault = true;
            return;
        }
        var start = 8 + ((flags & 1) != 0 ? 4 : 0) + ((flags & 4) != 0 ? 4 : 0);
        var sizeAt = (flags & 0x100) != 0 ? 4 : 0;
        var entry = sizeAt + 4 + ((flags & 0x400) != 0 ? 4 : 0) + ((flags & 0x800) != 0 ? 4 : 0);
        var count = BinaryPrimitives.ReadUInt32BigEndian(content[4..]);
        if (content.Length - start < count * (long)entry)
        {
            _isUnknown = true;
            return;
        }
        for (var at = start + sizeAt; count > 0; count--, at += entry) Note(BinaryPrimitives.ReadUInt32BigEndian(content[at..]));
    }

    private void TakeTable(ReadOnlySpan<byte> content, int bits)
    {
        var count = BinaryPrimitives.ReadUInt32BigEndian(content[CountAt..]);
        var table = content[TableAt..];
        if (table.Length < (count * (long)bits + 7) / 8)
        {
            _isUnknown = true;
            return;
        }
        for (var i = 0; i < count; i++)
        {
            Note(bits switch
            {
                32 => BinaryPrimitives.ReadUInt32BigEndian(table[(4 * i)..]),
                16 => BinaryPrimitives.ReadUInt16BigEndian(table[(2 * i)..]),
                8 => table[i],
                _ => (uint)(i % 2 == 0 ? table[i / 2] >> 4 : table[i / 2] & 15),
            });
        }
    }

    private void Note(uint size) => _largest = Math.Max(_largest, size);

    private void NoteDefault(uint size) => _largestDefault = Math.Max(_largestDefault, size);
}
