using System.Security.Cryptography;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>Where one export is kept: what has its name there is whole.</summary>
internal interface IExportPlace
{
    /// <summary>Makes what is needed before anything is kept.</summary>
    void Prepare();

    /// <summary>Whether nothing is there yet.</summary>
    Task<bool> IsEmptyAsync(CancellationToken cancel);

    /// <summary>Whether a part is there with these bytes.</summary>
    Task<bool> IsWholeAsync(string name, ExportPart part, CancellationToken cancel);

    /// <summary>A file to write, which <see cref="KeepAsync"/> takes.</summary>
    PartFile Create(string name);

    /// <summary>Keeps all of a file under its name, in place of what had it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="ExportPlaceException">It cannot be sent.</exception>
    Task KeepAsync(PartFile file, string name, long bytes, byte[] sha256, CancellationToken cancel);
}

/// <summary>A place of exports refuses them, or does not answer.</summary>
/// <param name="message">What is wrong and what to do, without addresses or anything confidential.</param>
internal sealed class ExportPlaceException(string message) : IOException(message);

/// <summary>A folder of this machine, or one that is mounted.</summary>
/// <param name="folder">The export's own.</param>
/// <param name="keepNames">Makes the names in a folder durable; a test looks at when that is.</param>
internal sealed class FolderPlace(string folder, Action<string>? keepNames = null) : IExportPlace
{
    private readonly Action<string> _keepNames = keepNames ?? FolderNames.Keep;

    public void Prepare()
    {
        // Each folder that is made here is a name in the one above it.
        var made = new List<string>();
        for (var at = Path.GetFullPath(folder); !Directory.Exists(at) && Path.GetDirectoryName(at) is { } above; at = above) made.Add(above);
        Directory.CreateDirectory(folder);
        made.ForEach(_keepNames);
    }

    public Task<bool> IsEmptyAsync(CancellationToken cancel) => Task.FromResult(!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any());

    public async Task<bool> IsWholeAsync(string name, ExportPart part, CancellationToken cancel)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path) || new FileInfo(path).Length != part.ByteCount) return false;
        await using var stream = File.OpenRead(path);
        return (await SHA256.HashDataAsync(stream, cancel)).AsSpan().SequenceEqual(part.Sha256);
    }

    public PartFile Create(string name) => PartFile.Create(folder, name);

    public async Task KeepAsync(PartFile file, string name, long bytes, byte[] sha256, CancellationToken cancel)
    {
        file.Stream.Flush(flushToDisk: true);
        await file.Stream.DisposeAsync();
        File.Move(file.Path, Path.Combine(folder, name), overwrite: true);
        // It is noted as kept next: without this a crash of the machine may take the name back.
        _keepNames(folder);
    }
}
