namespace Spendra.Proof.Power;

/// <summary>
/// What was written to one file since its last sync: what stood there before and what was to stand there. The log is
/// in the page cache, which a killed process leaves behind; so the writes that a power cut would have lost can be
/// taken back after a kill.
/// </summary>
internal sealed class WriteLog(string path) : IDisposable
{
    private readonly FileStream _stream = new(path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0,
    });

    public Lock Gate { get; } = new();

    /// <summary>Before the write is done: a record of a write that never was takes nothing back.</summary>
    public void Append(UnsyncedWrite write)
    {
        using var record = new MemoryStream();
        using var writer = new BinaryWriter(record);
        writer.Write(write.Offset);
        writer.Write(write.SizeBefore);
        writer.Write(write.Before.Length);
        writer.Write(write.After?.Length ?? -1);
        writer.Write(write.Before);
        if (write.After is { } after) writer.Write(after);
        _stream.Seek(0, SeekOrigin.End);
        _stream.Write(record.GetBuffer().AsSpan(0, (int)record.Length));
    }

    /// <summary>The file was synced: nothing of it can be lost any more.</summary>
    public void Forget() => _stream.SetLength(0);

    public void Dispose() => _stream.Dispose();

    /// <summary>A last record that the kill cut short is of a write that was not done.</summary>
    public static IReadOnlyList<UnsyncedWrite> Read(string path)
    {
        var writes = new List<UnsyncedWrite>();
        using var reader = new BinaryReader(new MemoryStream(File.ReadAllBytes(path)));
        try
        {
            while (reader.BaseStream.Position < reader.BaseStream.Length)
            {
                var (offset, size, before, after) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt32());
                writes.Add(new UnsyncedWrite(offset, size, Exactly(reader, before), after < 0 ? null : Exactly(reader, after)));
            }
        }
        catch (EndOfStreamException)
        {
            return writes;
        }
        return writes;
    }

    private static byte[] Exactly(BinaryReader reader, int count)
    {
        var bytes = reader.ReadBytes(count);
        return bytes.Length == count ? bytes : throw new EndOfStreamException();
    }
}

/// <param name="Offset">Where it begins; for a truncation the new size.</param>
/// <param name="SizeBefore">Of the file.</param>
/// <param name="Before">What stood there, up to the end of the file.</param>
/// <param name="After">What was written; null for a truncation.</param>
internal sealed record UnsyncedWrite(long Offset, long SizeBefore, byte[] Before, byte[]? After);
