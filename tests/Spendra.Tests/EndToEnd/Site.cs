using System.Security.Cryptography;
using System.Text.Json;
using Spendra.Core.Money;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Tests.EndToEnd;

/// <summary>
/// One installation: a database of its own on either engine, a sandbox as its provider, and the command line and
/// servers that use them, each a process.
/// </summary>
internal sealed class Site : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly List<ServedProcess> _served = [];

    private Site(TempFolder folder, DatabaseEngine engine, string[] databaseArguments, SandboxServer sandbox)
    {
        _folder = folder;
        Engine = engine;
        DatabaseArguments = databaseArguments;
        Sandbox = sandbox;
        Variables["SPENDRA__ALLOWPRIVATEUPSTREAMS"] = "true";
        Variables["SPENDRA__SANDBOX__URL"] = sandbox.BaseUrl.ToString();
        Variables["XDG_CONFIG_HOME"] = folder.File("config");
        if (engine == DatabaseEngine.Postgres)
            Variables["SPENDRA__MASTERKEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    }

    public DatabaseEngine Engine { get; }

    public SandboxServer Sandbox { get; }

    public string Folder => _folder.Path;

    /// <summary>The working directory's data folder; on PostgreSQL without use.</summary>
    public string DataFolder => DatabaseArguments[1];

    /// <summary><c>--data …</c> or <c>--database …</c>.</summary>
    public string[] DatabaseArguments { get; }

    /// <summary>Environment of every process.</summary>
    public Dictionary<string, string?> Variables { get; } = [];

    /// <summary>Secrets by the keys' slugs.</summary>
    public Dictionary<string, string> Keys { get; } = [];

    public static async Task<Site> CreateAsync(
        DatabaseEngine engine = DatabaseEngine.Sqlite, SandboxOptions? sandbox = null, string? dataFolder = null)
    {
        var folder = new TempFolder();
        string[] arguments = engine == DatabaseEngine.Sqlite
            ? ["--data", dataFolder ?? folder.File("data")]
            : ["--database", PostgresCluster.ToUrl(await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("e2e"))];
        return new Site(folder, engine, arguments, await SandboxServer.StartAsync(sandbox ?? new SandboxOptions()));
    }

    public DatabaseTarget Target => Engine == DatabaseEngine.Sqlite
        ? DatabaseTarget.Folder(DatabaseArguments[1])
        : DatabaseTarget.Address(DatabaseArguments[1]);

    /// <summary>A command on this site's database.</summary>
    public Task<CommandResult> RunAsync(params IEnumerable<string> arguments) =>
        SpendraProcess.RunAsync([.. arguments, .. DatabaseArguments], Variables, Folder);

    /// <summary>A command with <c>--json</c> that must succeed.</summary>
    public async Task<JsonElement> JsonAsync(params IEnumerable<string> arguments) =>
        (await RunAsync([.. arguments, "--json"])).ShouldSucceed().Json;

    /// <summary>Applies a declaration; <c>{sandbox}</c> in it stands for the provider's address. Keeps the new keys' secrets.</summary>
    public async Task<JsonElement> ApplyAsync(string yaml)
    {
        var path = Path.Combine(Folder, $"acme-{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(path, yaml.Replace("{sandbox}", Sandbox.BaseUrl.ToString(), StringComparison.Ordinal));
        var applied = await JsonAsync("apply", "-f", path);
        foreach (var key in applied.GetProperty("keys").EnumerateArray())
            Keys[key.GetProperty("slug").GetString()!] = key.GetProperty("secret").GetString()!;
        return applied;
    }

    /// <summary>Starts <c>serve</c> and returns when it listens.</summary>
    public async Task<ServedProcess> ServeAsync(params IEnumerable<string> arguments)
    {
        var process = SpendraProcess.Start(
            ["serve", "--urls", "http://127.0.0.1:0", .. arguments, .. DatabaseArguments], Variables, Folder);
        var served = await ServedProcess.ReadyAsync(process);
        _served.Add(served);
        return served;
    }

    /// <summary>The ledger's own proof. Fails the test when an invariant is broken.</summary>
    public async Task<JsonElement> ShouldVerifyAsync()
    {
        var result = await RunAsync("verify", "--json");
        result.ExitCode.Should().Be(0, result.ToString());
        result.Json.GetProperty("violationCount").GetInt64().Should().Be(0);
        return result.Json;
    }

    public async Task<Standing> StandingAsync(string budget)
    {
        var document = await JsonAsync("budgets");
        var found = document.GetProperty("budgets").EnumerateArray().Single(b => b.GetProperty("slug").GetString() == budget);
        return new Standing(Amount("limitUsd"), Amount("settledUsd"), Amount("reservedUsd"), Amount("remainingUsd"));

        NanoUsd Amount(string name) => Usd.Read(found.GetProperty(name).GetString());
    }

    public async Task<int> CountReservationsAsync() =>
        (await JsonAsync("reservations")).GetProperty("reservations").GetArrayLength();

    /// <summary>Until so many calls, of all routes, have reached the provider.</summary>
    public async Task WaitForCallsAsync(long count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await Sandbox.Journal.WaitForAsync(count, patience.Token);
    }

    /// <summary>Until the sweep has ended what killed processes left open.</summary>
    public async Task WaitUntilNothingIsReservedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await CountReservationsAsync() > 0) patience.Token.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var served in _served) await served.DisposeAsync();
        await Sandbox.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>How a budget stands in its window.</summary>
internal sealed record Standing(NanoUsd Limit, NanoUsd Settled, NanoUsd Reserved, NanoUsd Remaining);
