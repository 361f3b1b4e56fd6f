using System.Buffers;

namespace Spendra.Gateway.Batches;

/// <summary>Takes the lines of a file one after the other.</summary>
internal interface ILineTaker
{
    /// <summary>False when no more lines are wanted.</summary>
    /// <param name="number">From 1.</param>
    /// <param name="line">Without its line feed; valid during the call.</param>
    bool Take(int number, ReadOnlySpan<byte> line);

    /// <summary>The line is larger than what is held; nothing after it is read.</summary>
    void TakeTooLong(int number);
}

/// <summary>
/// Cuts bytes that arrive in pieces of any size into lines. Only a line feed ends one: inside JSON no other character
/// that could end a line leaves two parts that are JSON themselves.
/// </summary>
internal sealed class LineCutter(ILineTaker taker, int maxLineBytes) : IDisposable
{
    private byte[] _held = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;
    private int _number;

    /// <summary>False when nothing more is wanted.</summary>
    public bool Feed(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var end = bytes.IndexOf((byte)'\n');
            if (!Hold(end < 0 ? bytes : bytes[..end])) return false;
            if (end < 0) return true;
            if (!Pass()) return false;
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>The file has ended: what is left is a line.</summary>
    public void Finish()
    {
        if (_length > 0) Pass();
    }

    // A prompt or a completion may stand in it; the next renter gets it clean.
    public void Dispose() => ArrayPool<byte>.Shared.Return(_held, clearArray: true);

    private bool Pass()
    {
        var goesOn = taker.Take(++_number, _held.AsSpan(0, _length));
        _length = 0;
        return goesOn;
    }

    private bool Hold(ReadOnlySpan<byte> bytes)
    {
        if (_length + (long)bytes.Length > maxLineBytes)
        {
            taker.TakeTooLong(_number + 1);
            return false;
        }
        if (_held.Length - _length < bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + bytes.Length, _held.Length * 2));
            _held.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_held, clearArray: true);
            _held = larger;
        }
        bytes.CopyTo(_held.AsSpan(_length));
        _length += bytes.Length;
        return true;
    }
}
