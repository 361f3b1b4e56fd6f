using Spendra.Control.Exports;
using Spendra.Testing;

namespace Spendra.Control.Tests.Exports;

/// <summary>The npm package <c>s3rver</c> as a process of its own: a server that others wrote. It does not check signatures.</summary>
internal sealed class S3rver : IAsyncDisposable
{
    public const string Bucket = "exports";

    private const string Listening = "listening on ";
    private const string OnlyKey = "S3RVER";

    private readonly TestProcess _process;
    private readonly TempFolder _folder;

    private S3rver(TestProcess process, TempFolder folder, Uri url) => (_process, _folder, Url) = (process, folder, url);

    public Uri Url { get; }

    public BucketConnection Connection => new() { Endpoint = Url, IsPathStyle = true, Credentials = new BucketCredentials(OnlyKey, OnlyKey) };

    public static async Task<S3rver> StartAsync()
    {
        var clients = ClientsFolder();
        Directory.Exists(Path.Combine(clients, "node_modules", "s3rver")).Should().BeTrue("the server must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var folder = new TempFolder();
        var process = TestProcess.Start("node", ["s3rver.mjs", folder.Path], workingDirectory: clients);
        var line = await process.WaitForLineAsync(l => l.StartsWith(Listening, StringComparison.Ordinal));
        return new S3rver(process, folder, new Uri(line[Listening.Length..]));
    }

    /// <summary>All objects below a prefix, by the rest of their names, as the server keeps them.</summary>
    public Dictionary<string, byte[]> ObjectsBelow(string prefix)
    {
        const string suffix = "._S3rver_object";
        var folder = Path.Combine(_folder.Path, Bucket, prefix);
        return Directory.EnumerateFiles(folder, "*" + suffix).ToDictionary(f => Path.GetFileName(f)[..^suffix.Length], File.ReadAllBytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static string ClientsFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Spendra.slnx"))) return Path.Combine(folder.FullName, "tests", "clients");
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }
}
