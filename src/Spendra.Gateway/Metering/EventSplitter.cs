using System.Buffers;

namespace Spendra.Gateway.Metering;

/// <summary>
/// Cuts a stream of server-sent events into whole events, wherever the network cut it. An event reaches from its
/// first byte to the blank line that ends it, line ends of all three kinds included (WHATWG HTML §9.2).
/// An event above the limit is handed on in pieces, marked as such.
/// </summary>
internal sealed class EventSplitter(int maxEventBytes) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;
    private int _scanned;
    private bool _isLineEmpty = true;
    private bool _isOversized;

    /// <summary>Adds bytes from the network.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length - _length < bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_length + bytes.Length);
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
            _buffer = larger;
        }
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>
    /// The next whole event, valid until the next call of <see cref="Add"/>; false when none is complete.
    /// </summary>
    /// <param name="isLast">The stream has ended: whatever is left is an event.</param>
    /// <param name="whole">The event with its line ends.</param>
    /// <param name="isPiece">The event was too large to hold, and this is a part of it.</param>
    public bool TryTake(bool isLast, out ReadOnlySpan<byte> whole, out bool isPiece)
    {
        Compact();
        isPiece = _isOversized;
        if (FindEnd(isLast))
        {
            whole = Take(_scanned);
            _isOversized = false;
            return true;
        }
        if ((isLast || _length >= maxEventBytes) && _length > 0)
        {
            _isOversized |= !isLast;
            isPiece |= _isOversized;
            whole = Take(_length);
            return true;
        }
        whole = default;
        return false;
    }

    // A completion may stand in it; the next renter gets it clean.
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);

    private int _taken;

    private ReadOnlySpan<byte> Take(int length)
    {
        _taken = length;
        return _buffer.AsSpan(0, length);
    }

    private void Compact()
    {
        if (_taken == 0) return;
        _buffer.AsSpan(_taken, _length - _taken).CopyTo(_buffer);
        _length -= _taken;
        _scanned = Math.Max(0, _scanned - _taken);
        _taken = 0;
    }

    private bool FindEnd(bool isLast)
    {
        while (_scanned < _length)
        {
            var rest = _buffer.AsSpan(_scanned, _length - _scanned);
            var next = rest.IndexOfAny((byte)'\n', (byte)'\r');
            if (next != 0) _isLineEmpty = false;
            if (next < 0)
            {
                _scanned = _length;
                return false;
            }
            var end = _scanned + next + 1;
            if (rest[next] == '\r')
            {
                // A line feed may follow in the next piece and belongs to this line end.
                if (end == _length && !isLast)
                {
                    _scanned += next;
                    return false;
                }
                if (end < _length && _buffer[end] == '\n') end++;
            }
            _scanned = end;
            var isEventEnd = _isLineEmpty;
            _isLineEmpty = true;
            if (isEventEnd) return true;
        }
        return false;
    }
}
