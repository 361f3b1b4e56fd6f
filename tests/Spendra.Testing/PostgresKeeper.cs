using System.Diagnostics;

namespace Spendra.Testing;

/// <summary>This process's end of the pipe to <c>postgres-keeper.sh</c>, which owns the server and its folder.</summary>
internal sealed class PostgresKeeper : IDisposable
{
    // Forks the keeper away: it must survive a kill of the test's whole process tree, and ctrl-C, to clean up after
    // it. A shell gives a background command /dev/null as stdin, hence the detour through descriptor 3.
    private const string Detach = """exec 3<&0; sh -c "$0" keeper "$@" <&3 3<&- &""";

    private static readonly TimeSpan CleanUpTimeout = TimeSpan.FromSeconds(45);

    private readonly Process _process;
    private readonly SemaphoreSlim _turn = new(1, 1);

    private PostgresKeeper(Process process) => _process = process;

    public string Folder { get; private set; } = "";

    public static async Task<PostgresKeeper> StartAsync(string namePrefix)
    {
        var bin = PostgresBinaries.Find();
        string[] shell = ["sh", "-c", Detach, await ScriptAsync().ConfigureAwait(false), bin, namePrefix];
        // initdb and postgres refuse to run as root.
        string[] command = Environment.UserName == "root" ? ["runuser", "-u", "postgres", "--", .. shell] : shell;
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/", // the postgres user may not enter ours
        };
        var keeper = new PostgresKeeper(
            Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start."));
        keeper.Folder = await keeper._process.StandardOutput.ReadLineAsync().ConfigureAwait(false) ?? "";
        await keeper.AnswerAsync("initdb").ConfigureAwait(false);
        return keeper;
    }

    /// <exception cref="InvalidOperationException">It failed; the message holds what the tools said.</exception>
    public async Task DoAsync(string command)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await _process.StandardInput.WriteLineAsync(command).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync().ConfigureAwait(false);
            await AnswerAsync(command).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops the server and removes the folder; both are gone when this returns.</summary>
    public void Dispose()
    {
        // The keeper holds its stdout until it has cleaned up: end of file is the end of the keeper.
        _process.StandardInput.Close();
        _process.StandardOutput.ReadToEndAsync().Wait(CleanUpTimeout);
        _process.Dispose();
        _turn.Dispose();
    }

    private async Task AnswerAsync(string command)
    {
        var said = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (line == "#ok")
                return;
            if (line == "#failed")
                break;
            said.Add(line);
        }

        throw new InvalidOperationException($"PostgreSQL: '{command}' failed.\n{string.Join('\n', said)}");
    }

    private static async Task<string> ScriptAsync()
    {
        var stream = typeof(PostgresKeeper).Assembly.GetManifestResourceStream("postgres-keeper.sh")!;
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().ConfigureAwait(false);
    }
}
