using Spendra.Testing;

namespace Spendra.Tests.EndToEnd;

/// <summary>
/// A disk that can be filled and freed: a small file system in memory for root, and for anybody else a limit on the
/// size of files (<c>ulimit -f</c>, <c>prlimit</c>), which writes run into in the same way and which can be raised while a process runs.
/// </summary>
internal abstract class TightDisk : IAsyncDisposable
{
    private const long Bytes = 24L << 20;

    public abstract string Folder { get; }

    /// <summary>A file system of its own where this user may mount one, else <see cref="Limit"/>.</summary>
    public static async Task<TightDisk> MountAsync() =>
        Environment.UserName == "root" && await MountedDisk.TryMountAsync() is { } mounted ? mounted : Limit();

    public static TightDisk Limit() => new LimitedFiles();

    /// <summary>How a server is started so that it sees this disk.</summary>
    public abstract TestProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> variables);

    /// <summary>From now on nothing grows.</summary>
    public abstract Task FillAsync(ServedProcess served);

    public abstract Task FreeAsync(ServedProcess served);

    public abstract ValueTask DisposeAsync();

    private static async Task<bool> DoAsync(string program, params string[] arguments) =>
        (await SpendraProcess.RunAsync(program, arguments, new Dictionary<string, string?>(), "/")).ExitCode == 0;

    private sealed class MountedDisk(TempFolder folder) : TightDisk
    {
        private string FillerPath => Path.Combine(Folder, "filler");

        public override string Folder => folder.Path;

        public static async Task<MountedDisk?> TryMountAsync()
        {
            var folder = new TempFolder();
            if (await DoAsync("mount", "-t", "tmpfs", "-o", $"size={Bytes}", "spendra-test", folder.Path)) return new MountedDisk(folder);
            folder.Dispose();
            return null;
        }

        public override TestProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> variables) =>
            SpendraProcess.Start(arguments, variables, "/");

        public override Task FillAsync(ServedProcess served)
        {
            var block = new byte[4096];
            using var filler = File.Create(FillerPath, bufferSize: 0);
            try
            {
                while (true) filler.Write(block);
            }
            catch (IOException)
            {
                return Task.CompletedTask;
            }
        }

        public override Task FreeAsync(ServedProcess served)
        {
            File.Delete(FillerPath);
            return Task.CompletedTask;
        }

        public override async ValueTask DisposeAsync()
        {
            (await DoAsync("umount", "-l", Folder)).Should().BeTrue();
            folder.Dispose();
        }
    }

    private sealed class LimitedFiles : TightDisk
    {
        private readonly TempFolder _folder = new();

        public override string Folder => _folder.Path;

        // Without the trap the signal of a write beyond the limit ends the process; the write then fails instead.
        public override TestProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> variables) =>
            SpendraProcess.Start("bash", ["-c", "trap '' XFSZ; exec \"$@\"", "bash", SpendraProcess.DotnetPath, SpendraProcess.AssemblyPath, .. arguments], variables, "/");

        // The next page that is written to any file fails.
        public override async Task FillAsync(ServedProcess served) =>
            (await DoAsync("prlimit", "--pid", $"{served.Process.Id}", "--fsize=1:unlimited")).Should().BeTrue();

        public override async Task FreeAsync(ServedProcess served) =>
            (await DoAsync("prlimit", "--pid", $"{served.Process.Id}", "--fsize=unlimited:unlimited")).Should().BeTrue();

        public override ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
