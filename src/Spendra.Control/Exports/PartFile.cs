using System.Security.Cryptography;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>A file in the making: it has no name that anybody looks for until a place keeps it.</summary>
internal sealed class PartFile : IAsyncDisposable
{
    private const int BufferBytes = 256 * 1024;
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly FileStream _stream;

    private PartFile(string path, FileOptions options)
    {
        Path = path;
        var file = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = BufferBytes, Options = FileOptions.Asynchronous | options };
        if (!OperatingSystem.IsWindows()) file.UnixCreateMode = Mode;
        _stream = new FileStream(path, file);
    }

    public string Path { get; }

    public FileStream Stream => _stream;

    /// <summary>A file that is kept by giving it another name.</summary>
    // Whoever has lost the hold may still be writing: never the same file.
    public static PartFile Create(string folder, string name) => new(System.IO.Path.Combine(folder, $".{name}.{Guid.NewGuid():N}.tmp"), FileOptions.None);

    /// <summary>A file that is gone when it is closed, and on Unix when the process is killed as well.</summary>
    public static PartFile CreateSpooled(string folder)
    {
        var file = new PartFile(System.IO.Path.Combine(folder, $".spendra-export.{Guid.NewGuid():N}.tmp"), FileOptions.DeleteOnClose);
        if (!OperatingSystem.IsWindows()) File.Delete(file.Path);
        return file;
    }

    public static string NameOf(ExportDataset dataset, ExportFormat format, int number) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ExportNames.Of(dataset)}-{number:D5}.{ExportNames.Of(format)}");

    /// <summary>Its length and hash, of what can be read there. Nothing is written behind it any more.</summary>
    public async Task<(long Bytes, byte[] Sha256)> MeasureAsync(CancellationToken cancel)
    {
        await _stream.FlushAsync(cancel);
        _stream.Position = 0;
        var hash = await SHA256.HashDataAsync(_stream, cancel);
        return (_stream.Length, hash);
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        File.Delete(Path);
    }
}
