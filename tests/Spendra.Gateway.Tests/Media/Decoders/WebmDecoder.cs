namespace Spendra.Gateway.Tests.Media.Decoders;

/// <summary>Goes from element to element, and on from the next cluster, wherever it stands, when it cannot read one.</summary>
internal sealed class WebmDecoder(byte[] file)
{
    private static readonly uint[] Containers = [0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675, 0xA0];

    private readonly Stack<long> _ends = new();
    private int _at;
    private long _nanos;
    private bool _hasOpus;

    public long Plays()
    {
        while (_at < file.Length)
        {
            var from = _at;
            if (TryRead()) continue;
            _ends.Clear();
            var next = file.AsSpan(from + 1).IndexOf((byte[])[0x1F, 0x43, 0xB6, 0x75]);
            if (next < 0) break;
            _at = from + 1 + next;
        }
        return _hasOpus ? _nanos : 0;
    }

    private bool TryRead()
    {
        while (_ends.Count > 0 && _ends.Peek() <= _at) _ends.Pop();
        if (Number(most: 4, keepsMark: true) is not { } id || Number(most: 8, keepsMark: false) is not { } length) return false;
        var end = length == -1 ? -1 : _at + length;
        if (_ends.Count > 0 && end > _ends.Peek()) return false;
        if (Containers.Contains((uint)id))
        {
            if (end >= 0) _ends.Push(end);
            return true;
        }
        if (end < 0 || end > file.Length) return false;
        var content = file[_at..(int)end];
        _at = (int)end;
        if (id == 0x86) _hasOpus |= content.AsSpan().StartsWith("A_OPUS"u8);
        return id is not (0xA1 or 0xA3) || TryPlay(content);
    }

    private bool TryPlay(byte[] block)
    {
        // Of the first track
        if (block.Length < 4 || block[0] != 0x81) return false;
        var packets = block[4..];
        var lacing = block[3] >> 1 & 3;
        if (lacing == 0) _nanos += Decoder.Opus(packets);
        else if (packets.Length == 0) return false;
        else if (lacing == 2) _nanos += Enumerable.Range(0, packets[0] + 1).Sum(i => Decoder.Opus(packets.AsSpan(1 + i * ((packets.Length - 1) / (packets[0] + 1)))));
        return true;
    }

    /// <summary>A number of variable length; -1 for all ones, null when there is none.</summary>
    private long? Number(int most, bool keepsMark)
    {
        if (_at >= file.Length || file[_at] == 0) return null;
        var width = 1;
        while (file[_at] << width - 1 < 0x80) width++;
        if (width > most || _at + width > file.Length) return null;
        long number = file[_at];
        for (var i = 1; i < width; i++) number = number * 256 + file[_at + i];
        _at += width;
        var mark = 1L << 7 * width;
        return keepsMark ? number : number == 2 * mark - 1 ? -1 : number - mark;
    }
}
