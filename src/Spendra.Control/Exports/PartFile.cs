using System.Security.Cryptography;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>
/// A file in the making: written under another name, and given its own when all of it is on the disk. So what has its name is whole.
/// </summary>
internal sealed class PartFile : IAsyncDisposable
{
    private const int BufferBytes = 256 * 1024;
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _stream;

    private PartFile(string folder, string name)
    {
        _path = Path.Combine(folder, name);
        // Whoever has lost the hold may still be writing: never the same file.
        _temporary = Path.Combine(folder, $".{name}.{Guid.NewGuid():N}.tmp");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = BufferBytes, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Mode;
        _stream = new FileStream(_temporary, options);
    }

    public Stream Stream => _stream;

    public static PartFile Create(string folder, string name) => new(folder, name);

    public static string NameOf(ExportDataset dataset, ExportFormat format, int number) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ExportNames.Of(dataset)}-{number:D5}.{ExportNames.Of(format)}");

    /// <summary>Whether a file is there with these bytes.</summary>
    public static async Task<bool> IsWholeAsync(string folder, string name, ExportPart part, CancellationToken cancel)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path) || new FileInfo(path).Length != part.ByteCount) return false;
        await using var stream = File.OpenRead(path);
        return (await SHA256.HashDataAsync(stream, cancel)).AsSpan().SequenceEqual(part.Sha256);
    }

    /// <summary>Puts it on the disk and gives it its name. Returns its length and hash, of what can be read there.</summary>
    public async Task<(long Bytes, byte[] Sha256)> KeepAsync(CancellationToken cancel)
    {
        await _stream.FlushAsync(cancel);
        _stream.Flush(flushToDisk: true);
        _stream.Position = 0;
        var hash = await SHA256.HashDataAsync(_stream, cancel);
        var bytes = _stream.Length;
        await _stream.DisposeAsync();
        File.Move(_temporary, _path, overwrite: true);
        return (bytes, hash);
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        File.Delete(_temporary);
    }
}
