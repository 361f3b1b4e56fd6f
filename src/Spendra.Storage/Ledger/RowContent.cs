using System.Buffers.Binary;
using System.Text;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>
/// The columns of one row as the bytes that are sealed: each as a four-byte big-endian length and its bytes, −1 for NULL, so that no
/// two rows have one encoding. Numbers are eight bytes, big-endian; texts UTF-8. Used again and again, by one thread.
/// </summary>
internal sealed class RowContent
{
    private const int Null = -1;

    private byte[] _buffer = new byte[2_048];
    private int _length;

    private RowContent Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Next(bytes.Length));
        return this;
    }

    public RowContent Add(byte[]? bytes) => bytes is null ? AddNull() : Add(bytes.AsSpan());

    public RowContent Add(string? text)
    {
        if (text is null) return AddNull();
        Encoding.UTF8.GetBytes(text, Next(Encoding.UTF8.GetByteCount(text)));
        return this;
    }

    public RowContent Add(long number)
    {
        BinaryPrimitives.WriteInt64BigEndian(Next(sizeof(long)), number);
        return this;
    }

    public RowContent Add(long? number) => number is { } value ? Add(value) : AddNull();

    public RowContent Add(Guid id)
    {
        id.TryWriteBytes(Next(PackedIds.IdBytes), bigEndian: true, out _);
        return this;
    }

    public RowContent Add(Guid? id) => id is { } value ? Add(value) : AddNull();

    public RowContent Add(System.Collections.Immutable.ImmutableArray<Guid> ids)
    {
        PackedIds.Pack(ids, Next(ids.Length * PackedIds.IdBytes));
        return this;
    }

    public RowContent Add(bool isTrue) => Add(isTrue ? 1L : 0L);

    /// <summary>A column of bytes, text or an id.</summary>
    public RowContent AddBytes(LedgerRows row, int column) => row.IsNull(column) ? AddNull() : Add(row.Bytes(column));

    /// <summary>Columns of numbers, from one to another.</summary>
    public RowContent AddNumbers(LedgerRows row, int first, int last)
    {
        for (var column = first; column <= last; column++) Add(row.Int64OrNull(column));
        return this;
    }

    /// <summary>Over all that was added; begins anew.</summary>
    public Seal Complete()
    {
        var seal = Seal.Of(_buffer.AsSpan(0, _length));
        Clear();
        return seal;
    }

    /// <summary>Forgets what was added.</summary>
    public void Clear() => _length = 0;

    private RowContent AddNull()
    {
        BinaryPrimitives.WriteInt32BigEndian(Room(sizeof(int)), Null);
        _length += sizeof(int);
        return this;
    }

    private Span<byte> Next(int bytes)
    {
        var room = Room(sizeof(int) + bytes);
        BinaryPrimitives.WriteInt32BigEndian(room, bytes);
        _length += sizeof(int) + bytes;
        return room.Slice(sizeof(int), bytes);
    }

    private Span<byte> Room(int bytes)
    {
        if (_buffer.Length - _length < bytes) Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _length + bytes));
        return _buffer.AsSpan(_length);
    }
}
