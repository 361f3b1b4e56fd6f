using System.Reflection;
using Spendra.Cli;
using Spendra.Sandbox;
using Spendra.Settings;
using Spendra.Storage.Keys;

namespace Spendra.Hosting;

/// <summary>What a server says when it is up; <c>--json</c> prints it as one document.</summary>
internal sealed record ServingDocument(string Version, string Role, string Database, string Durability, IReadOnlyList<string> Urls)
{
    /// <summary>How the first member is made; null as soon as there is one, and for roles without the management API.</summary>
    public string? SetupLink { get; init; }
}

/// <summary>Starts a server and all it needs, announces it, and serves until the process is told to stop.</summary>
internal static class Serving
{
    public static async Task<int> RunAsync(
        CommandRun run, SpendraOptions options, MasterKey masterKey, Func<ServingDocument, Task> announce)
    {
        await using var sandbox = await StartSandboxAsync(options, run.Cancel);
        var parts = new ServerParts(run.Database, masterKey, SandboxUrlOf(options, sandbox));
        await using var server = await SpendraServer.StartAsync(options, parts, run.Time, run.Cancel);
        var durability = await run.Database.ReadDurabilityAsync(run.Cancel);
        await announce(new ServingDocument(
            Version, options.Role.ToString().ToLowerInvariant(), options.Database.ToString(), durability, server.Urls));
        await server.RunAsync(run.Cancel);
        return 0;
    }

    public static string Version =>
        typeof(Serving).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Test keys need a sandbox; a process with a gateway brings its own unless one is configured.</summary>
    private static async Task<SandboxServer?> StartSandboxAsync(SpendraOptions options, CancellationToken cancel) =>
        options.Role is Role.All or Role.Gateway && options.Gateway.SandboxUrl is null
            ? await SandboxServer.StartAsync(new SandboxOptions(), cancel)
            : null;

    private static Uri? SandboxUrlOf(SpendraOptions options, SandboxServer? sandbox) =>
        options.Gateway.SandboxUrl ?? sandbox?.BaseUrl;
}
