using System.Text.Json;
using Spendra.Testing;

namespace Spendra.Proof.Kills;

/// <summary>A server in a process of its own, until it dies.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestProcess _process;

    private HostProcess(TestProcess process) => _process = process;

    public static HostProcess Start(HostOrder order) => new(TestProcess.StartDotnet(AssemblyPath, [KillHost.Name], new Dictionary<string, string?>
    {
        [HostOrder.Variable] = JsonSerializer.Serialize(order),
        // It lives for a second: code is compiled once and not profiled.
        ["DOTNET_TieredPGO"] = "0",
        ["DOTNET_gcConcurrent"] = "0",
    }));

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>It died by itself at the point that it was told.</summary>
    public bool DiedAtItsPoint => _process.HasExited && _process.Lines.Any(l => l.StartsWith(Trigger.LastWords, StringComparison.Ordinal));

    public string Output => _process.Output;

    /// <summary>The address, or null when it died before it listened.</summary>
    public async Task<Uri?> ListeningAsync()
    {
        try
        {
            var line = await _process.WaitForLineAsync(l => l.StartsWith(KillHost.Listening, StringComparison.Ordinal), Patience);
            return new Uri(line[KillHost.Listening.Length..]);
        }
        catch (InvalidOperationException)
        {
            await _process.WaitForExitAsync(Patience);
            return null;
        }
    }

    /// <summary>True when it has ended within this time.</summary>
    public async Task<bool> EndsWithinAsync(TimeSpan time)
    {
        try
        {
            await _process.WaitForExitAsync(time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>SIGKILL from outside, at whatever it is doing.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM; returns when it has ended, one way or the other.</summary>
    public Task StopAsync() => _process.TerminateAsync(Patience);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>In the artifacts folder, of the same configuration as whoever asks.</summary>
    private static string AssemblyPath
    {
        get
        {
            var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            var path = Path.Combine(own.Parent!.Parent!.FullName, "Spendra.Proof", own.Name, "Spendra.Proof.dll");
            return File.Exists(path) ? path : throw new FileNotFoundException($"{path} does not exist: build the solution first.");
        }
    }
}
