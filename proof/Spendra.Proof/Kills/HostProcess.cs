using System.Text.Json;
using Spendra.Testing;

namespace Spendra.Proof.Kills;

/// <summary>How a server came to its end.</summary>
internal enum Ending
{
    /// <summary>It killed itself where it was told to: its last words, and SIGKILL.</summary>
    AtItsPoint,
    /// <summary>SIGKILL, by us.</summary>
    Killed,
    /// <summary>It was asked to stop, and stopped with 0.</summary>
    Stopped,
    /// <summary>Anything else: it could not start, it ended by itself, it did not end when it was asked to.</summary>
    Unexpected,
}

/// <summary>A server in a process of its own, until it dies.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // 128 and the number of the signal.
    private const int OfSigKill = 137;

    private readonly TestProcess _process;
    private bool _wasKilled;
    private bool _wasStopped;
    private string? _failure;

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

    /// <summary>What it has said so far.</summary>
    public IReadOnlyList<string> Lines => _process.Lines;

    /// <summary>Kills it if it still lives, and says how it ended.</summary>
    public async Task<Ending> EndAsync()
    {
        Kill();
        // Its last words may come after its end: the pipe is read to the end.
        var code = await _process.WaitForExitAsync(Patience);
        if (_failure is not null) return Ending.Unexpected;
        if (code == OfSigKill && _process.Lines.Any(l => l.StartsWith(Trigger.LastWords, StringComparison.Ordinal))) return Ending.AtItsPoint;
        if (code == OfSigKill && _wasKilled) return Ending.Killed;
        return code == 0 && _wasStopped ? Ending.Stopped : Ending.Unexpected;
    }

    /// <summary>After <see cref="EndAsync"/>: what happened instead of what was ordered.</summary>
    public string Trouble => $"{_failure ?? $"it ended with {_process.ExitCode}"}; it said: {(_process.Output is { Length: > 0 } said ? said : "nothing")}";

    /// <summary>The address, or null when it ended before it listened.</summary>
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
        }
        catch (TimeoutException)
        {
            Give($"it did not listen within {Patience.TotalSeconds:F0} s");
        }
        return null;
    }

    /// <summary>Returns when it has said a line like this.</summary>
    public Task SaysAsync(Func<string, bool> isIt) => _process.WaitForLineAsync(isIt, Patience);

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

    /// <summary>SIGKILL from outside, at whatever it is doing; nothing when it has ended.</summary>
    public void Kill()
    {
        if (_process.HasExited) return;
        _wasKilled = true;
        _process.Kill();
    }

    /// <summary>SIGTERM; returns when it has ended, one way or the other.</summary>
    public async Task StopAsync()
    {
        _wasStopped = true;
        try
        {
            await _process.TerminateAsync(Patience);
        }
        catch (TimeoutException)
        {
            Give($"it did not stop within {Patience.TotalSeconds:F0} s");
        }
    }

    /// <summary>It does not do what a server does: it is killed, and that is no kill of the campaign.</summary>
    public void Give(string failure)
    {
        _failure ??= failure;
        Kill();
    }

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
