using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// Opus in WebM, as browsers record it: the sum of its packets, or where its clusters place the last one if that is later.
/// Containers (EBML, RFC 8794) are entered, of known length or not, since recorders that write while they record claim none.
/// Decoders search for the next cluster when they cannot read on: one that is hidden in something else leaves no known length.
/// </summary>
internal ref struct WebmLength
{
    private const uint Head = 0x1A45DFA3;
    private const uint Segment = 0x18538067;
    private const uint SegmentInfo = 0x1549A966;
    private const uint TimestampScale = 0x2AD7B1;
    private const uint Tracks = 0x1654AE6B;
    private const uint TrackEntry = 0xAE;
    private const uint CodecId = 0x86;
    private const uint ContentEncodings = 0x6D80;
    private const uint Cluster = 0x1F43B675;
    private const uint Timestamp = 0xE7;
    private const uint BlockGroup = 0xA0;
    private const uint Block = 0xA1;
    private const uint SimpleBlock = 0xA3;
    private const byte Lacing = 0x06;
    private const int MostDepth = 12;
    private const long NanosPerSecond = 1_000_000_000;

    private readonly ReadOnlySpan<byte> _file;

    // Where the containers of known length end in which the next element stands, the innermost on top.
    private readonly Stack<long> _ends = new();
    private int _at;
    private int _clusters;
    private long _units;
    private long _scale = 1_000_000;
    private long _clusterTime;
    private long _lastTime;
    private bool _hasOpus;
    private bool _isUnknown;

    private WebmLength(ReadOnlySpan<byte> file) => _file = file;

    private static ReadOnlySpan<byte> ClusterId => [0x1F, 0x43, 0xB6, 0x75];

    public static bool IsWebm(ReadOnlySpan<byte> file) => file.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]);

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        var reader = new WebmLength(file);
        while (!reader._isUnknown && reader._at < file.Length) reader.TakeElement();
        if (reader._isUnknown || !reader._hasOpus || reader._clusters != file.Count(ClusterId)) return null;
        var byTime = ((Int128)reader._lastTime * reader._scale + NanosPerSecond - 1) / NanosPerSecond;
        // The last packet begins at its time and ends after it.
        return byTime < long.MaxValue - 1 ? Math.Max(OpusPacket.SecondsOf(reader._units), (long)byTime + 1) : null;
    }

    private void TakeElement()
    {
        while (_ends.TryPeek(out var reached) && reached <= _at) _ends.Pop();
        var end = _ends.TryPeek(out var innermost) ? innermost : long.MaxValue;
        var id = ReadId();
        var length = ReadLength();
        _isUnknown |= _at > end || length > end - _at;
        if (_isUnknown) return;
        if (id is Segment or SegmentInfo or Tracks or TrackEntry or Cluster or BlockGroup)
        {
            Enter(id, length);
            return;
        }
        if (length is not { } known || known > _file.Length - _at)
        {
            _isUnknown = true;
            return;
        }
        var content = _file.Slice(_at, (int)known);
        _at += (int)known;
        switch (id)
        {
            case CodecId: TakeCodec(content); break;
            // What is packed does not show how long it is.
            case ContentEncodings: _isUnknown = true; break;
            case TimestampScale: _scale = Number(content); break;
            case Timestamp: _clusterTime = Number(content); break;
            case Block or SimpleBlock: TakeBlock(content); break;
            case Head: break;
        }
    }

    private void Enter(uint id, long? length)
    {
        if (id == Cluster) _clusters++;
        if (length is not { } known) return;
        _isUnknown |= _ends.Count == MostDepth;
        _ends.Push(_at + known);
    }

    private void TakeCodec(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("A_OPUS"u8)) _hasOpus = true;
        // Pictures beside the sound are counted as if they were sound.
        else _isUnknown |= !name.StartsWith("V_"u8);
    }

    private void TakeBlock(ReadOnlySpan<byte> block)
    {
        var track = block.IsEmpty ? 0 : WidthOf(block[0]);
        // Before the tracks are known, decoders take them from wherever they find them first.
        if (!_hasOpus || track == 0 || block.Length < track + 3)
        {
            _isUnknown = true;
            return;
        }
        _lastTime = Math.Max(_lastTime, _clusterTime + BinaryPrimitives.ReadInt16BigEndian(block[track..]));
        var packets = block[(track + 3)..];
        if ((block[track + 2] & Lacing) == 0) _units += OpusPacket.UnitsOf(packets);
        // Several packets in one block: their lengths do not matter when each counts as the longest that there is.
        else _units += packets.IsEmpty ? 0 : (packets[0] + 1) * OpusPacket.MostUnits;
    }

    /// <summary>A number of up to seven bytes; anything longer is no length of time.</summary>
    private long Number(ReadOnlySpan<byte> content)
    {
        long number = 0;
        _isUnknown |= content.Length > 7;
        if (_isUnknown) return 0;
        foreach (var b in content) number = number << 8 | b;
        return number;
    }

    private uint ReadId()
    {
        var width = _at < _file.Length ? WidthOf(_file[_at]) : 0;
        if (width is 0 or > 4 || _at + width > _file.Length)
        {
            _isUnknown = true;
            return 0;
        }
        uint id = 0;
        foreach (var b in _file.Slice(_at, width)) id = id << 8 | b;
        _at += width;
        return id;
    }

    /// <summary>A length; null when none is claimed.</summary>
    private long? ReadLength()
    {
        var width = !_isUnknown && _at < _file.Length ? WidthOf(_file[_at]) : 0;
        if (width == 0 || _at + width > _file.Length)
        {
            _isUnknown = true;
            return null;
        }
        long length = _file[_at] & (0xFF >> width);
        foreach (var b in _file.Slice(_at + 1, width - 1)) length = length << 8 | b;
        _at += width;
        return length == (1L << 7 * width) - 1 ? null : length;
    }

    /// <summary>How many bytes a number of variable length has, by its first; 0 when it is none.</summary>
    private static int WidthOf(byte first) => first == 0 ? 0 : System.Numerics.BitOperations.LeadingZeroCount(first) - 23;
}
