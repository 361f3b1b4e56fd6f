using System.Buffers.Binary;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Postgres;

/// <summary>
/// Rows of <c>COPY … TO STDOUT (FORMAT binary)</c>: a count of fields, and each field as its length and its bytes in
/// network order; −1 instead of the count ends them, −1 instead of a length is NULL.
/// </summary>
internal sealed class PostgresCopyRows(Stream copy, Action returned) : LedgerRows
{
    public const int ReadBytes = 128 * 1024;

    // Signature, flags, length of an extension that is always empty.
    private const int HeaderBytes = 11 + 4 + 4;
    private const int NullLength = -1;

    private byte[] _buffer = new byte[2 * ReadBytes];
    private int[] _starts = [];
    private int[] _lengths = [];
    private int _at;
    private int _end;
    private bool _hasBegun;
    private bool _hasEnded;

    public override bool Next()
    {
        if (_hasEnded) return false;
        if (!_hasBegun)
        {
            Need(HeaderBytes);
            _at += HeaderBytes;
            _hasBegun = true;
        }
        Need(sizeof(short));
        var fields = BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(_at));
        if (fields < 0)
        {
            _hasEnded = true;
            // The server says that it is done after the last row: without reading that the connection stays busy.
            if (copy.Read(_buffer, 0, 1) != 0) throw new InvalidDataException("rows after the end of a copy");
            return false;
        }
        if (_starts.Length < fields) (_starts, _lengths) = (new int[fields], new int[fields]);
        // Positions are kept relative to the row, because the buffer may move while the rest of it arrives.
        var offset = sizeof(short);
        for (var i = 0; i < fields; i++)
        {
            Need(offset + sizeof(int));
            var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_at + offset));
            offset += sizeof(int);
            _starts[i] = offset;
            _lengths[i] = length;
            if (length == NullLength) continue;
            Need(offset + length);
            offset += length;
        }
        for (var i = 0; i < fields; i++) _starts[i] += _at;
        _at += offset;
        return true;
    }

    public override bool IsNull(int column) => _lengths[column] == NullLength;

    public override long Int64(int column)
    {
        var field = _buffer.AsSpan(_starts[column]);
        return _lengths[column] switch
        {
            8 => BinaryPrimitives.ReadInt64BigEndian(field),
            4 => BinaryPrimitives.ReadInt32BigEndian(field),
            2 => BinaryPrimitives.ReadInt16BigEndian(field),
            1 => field[0],
            var length => throw new InvalidDataException($"a number of {length} bytes"),
        };
    }

    public override ReadOnlySpan<byte> Bytes(int column) =>
        IsNull(column) ? default : _buffer.AsSpan(_starts[column], _lengths[column]);

    public override void Dispose()
    {
        // Before the last row this tells the server to stop.
        copy.Dispose();
        returned();
    }

    /// <summary>Makes sure that so many bytes of the row are in the buffer.</summary>
    private void Need(int count)
    {
        if (_end - _at >= count) return;
        if (_buffer.Length - _at < count)
        {
            var larger = count > _buffer.Length ? new byte[2 * count] : _buffer;
            _buffer.AsSpan(_at, _end - _at).CopyTo(larger);
            (_buffer, _end, _at) = (larger, _end - _at, 0);
        }
        while (_end - _at < count)
        {
            var read = copy.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0) throw new InvalidDataException("a copy that ends within a row");
            _end += read;
        }
    }
}
