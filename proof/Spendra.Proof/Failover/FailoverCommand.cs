using System.CommandLine;

namespace Spendra.Proof.Failover;

/// <summary><c>failover</c>: load, strikes and checks on a cluster that <c>proof/failover.sh</c> has started.</summary>
internal static class FailoverCommand
{
    private static readonly Option<int> Failovers = new("--failovers") { Description = "How often the primary is lost.", DefaultValueFactory = _ => 20 };
    private static readonly Option<double?> Minutes = new("--minutes") { Description = "Go on for so long; the number is then what must be reached." };
    private static readonly Option<string> Folder = new("--folder") { Description = "Of the cluster; the client's journal is written here.", Required = true };
    private static readonly Option<string> Database = new("--database") { Description = "Where the gateways find their database.", Required = true };
    private static readonly Option<int> SandboxPort = new("--sandbox-port") { Description = "Where the company's provider is.", Required = true };
    private static readonly Option<string> CarlsCap = new("--carls-cap") { Description = "In USD, as it was declared.", Required = true };
    private static readonly Option<string[]> Nodes = new("--node") { Description = "NAME=URL of a node's Patroni.", Required = true };
    private static readonly Option<string[]> Gateways = new("--gateway") { Description = "Where clients call.", Required = true };
    private static readonly Option<string> Script = new("--strike-script") { Description = "Does to a node what it is told.", Required = true };
    private static readonly Option<string[]> Strikes = new("--strike") { Description = "How the primary is lost, in turn.", Required = true };

    public static Command Create()
    {
        var command = new Command("failover", "Lose the primary of a cluster again and again under load. Called by proof/failover.sh.")
        {
            Failovers, Minutes, Folder, Database, SandboxPort, CarlsCap, Nodes, Gateways, Script, Strikes,
        };
        command.SetAction(async (arguments, cancel) =>
        {
            var folder = arguments.GetValue(Folder)!;
            using var cluster = new Cluster(folder, arguments.GetValue(Script)!, arguments.GetValue(Nodes)!);
            var settings = new FailoverSettings(
                folder, arguments.GetValue(Failovers), arguments.GetValue(Strikes)!,
                [.. arguments.GetValue(Gateways)!.Select(url => new Uri(url))],
                arguments.GetValue(SandboxPort), arguments.GetValue(Database)!,
                arguments.GetValue(Minutes) is { } limit ? TimeSpan.FromMinutes(limit) : null)
            {
                CarlsCap = arguments.GetValue(CarlsCap)!,
                // As the gateways have it; on a command line everybody could read it.
                MasterKey = Environment.GetEnvironmentVariable("SPENDRA__MASTERKEY") ?? throw new InvalidOperationException("SPENDRA__MASTERKEY is not set."),
            };
            return await new FailoverRun(settings, cluster).RunAsync(cancel);
        });
        return command;
    }
}

/// <param name="Folder">Holds <c>applied.json</c> with the company's keys.</param>
/// <param name="Failovers">How often the primary is lost.</param>
/// <param name="Strikes">How, in turn.</param>
/// <param name="Gateways">Where clients call.</param>
/// <param name="SandboxPort">Where the company's provider is.</param>
/// <param name="Database">Its address.</param>
/// <param name="Limit">When the last failover begins at the latest; null: after the number of failovers.</param>
internal sealed record FailoverSettings(
    string Folder, int Failovers, string[] Strikes, Uri[] Gateways, int SandboxPort, string Database, TimeSpan? Limit)
{
    public required string CarlsCap { get; init; }

    /// <summary>With which the administrator seals what he declares.</summary>
    public required string MasterKey { get; init; }

    /// <summary>Where the gateways find the provider.</summary>
    public Uri Provider => new($"http://127.0.0.1:{SandboxPort}/v1");
}
