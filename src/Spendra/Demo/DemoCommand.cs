using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.Declarations;
using Spendra.Hosting;
using Spendra.Sandbox;
using Spendra.Settings;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Demo;

/// <summary>What the demo prints with <c>--json</c>.</summary>
/// <param name="GatewayUrl">Where clients call, and where the dashboard is.</param>
/// <param name="SandboxUrl">The simulated provider.</param>
/// <param name="Data">The demo's folder.</param>
/// <param name="Keys">Secrets of keys by slug.</param>
/// <param name="Email">An org admin of the dashboard.</param>
/// <param name="Password">Of everybody there.</param>
internal sealed record DemoDocument(
    string GatewayUrl, string SandboxUrl, string Data, IReadOnlyDictionary<string, string> Keys, string Email, string Password);

/// <summary>
/// <c>demo</c>: a governed organization in front of the sandbox provider, in a folder of its own, with nothing to
/// configure. Started again, it goes on where it stopped.
/// </summary>
internal static class DemoCommand
{
    private const string DefaultFolder = SpendraOptions.DefaultData + "/demo";
    private const string DefaultKeyFolder = SpendraOptions.DefaultData + "/demo-on-postgres";
    private const string Declaration = "acme.yaml";
    private const string Organization = "acme";
    // The address of the sandbox is part of the declaration: with the same port, a second start changes nothing.
    private const int PreferredSandboxPort = 8099;

    public static Command Create(CommandEnvironment environment)
    {
        var address = new Option<string?>(CommonOptions.Database.Name)
        {
            Description = "An empty PostgreSQL database instead: postgres://user:password@host:port/database",
            HelpName = CommonOptions.Database.HelpName,
        };
        // The default comes from the command line, the strongest source: no configured database is ever used.
        var data = new Option<string?>(CommonOptions.Data.Name)
        {
            Description = $"Folder of the demo. Default: {DefaultFolder}",
            HelpName = CommonOptions.Data.HelpName,
            DefaultValueFactory = parse => parse.GetValue(address) is null ? DefaultFolder : null,
        };
        var kept = new Option<string>("--keys")
        {
            Description = $"Folder that keeps the keys of a demo on PostgreSQL. Default: {DefaultKeyFolder}",
            HelpName = CommonOptions.Data.HelpName,
            DefaultValueFactory = _ => DefaultKeyFolder,
        };
        var command = new Command("demo", "Run a small governed company against the sandbox provider.") { data, address, kept, CommonOptions.Urls };
        command.Does(environment, async run =>
        {
            await using var database = await run.OpenDatabaseAsync(mustExist: false);
            return await RunAsync(run, run.Options.Data ?? Directory.CreateDirectory(run.Arguments.GetValue(kept)!).FullName);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run, string folder)
    {
        // First of all: nothing is made beside what is not the demo's.
        var keys = await OpenKeysAsync(run, folder);
        var masterKey = await MasterKeyStore.LoadAsync(run.Database, run.Options.Database, run.Options.MasterKey?.Reveal(), run.Cancel);
        await using var sandbox = await StartSandboxAsync(run.Cancel);
        var clock = DemoHistory.ClockOf(run, keys);
        await ApplyAsync(run, masterKey, sandbox, keys, clock);
        var options = run.Options with
        {
            Role = Role.All,
            Gateway = run.Options.Gateway with { AllowPrivateUpstreams = true, SandboxUrl = sandbox.BaseUrl },
        };
        await DemoPeople.AddAsync(run, Organization, keys);
        await DemoHistory.WriteAsync(run, options, new ServerParts(run.Database, masterKey, sandbox.BaseUrl), keys, clock);
        return await Serving.RunAsync(run, options, masterKey, serving => DemoGuide.Show(run.Output, new DemoDocument(
            Reachable(serving.Urls[0]), sandbox.BaseUrl.ToString(), folder, keys.Secrets, DemoPeople.Admin, keys.Password!), keys, isOnServer: run.Options.Data is null));
    }

    /// <summary>The demo's company is not to appear among someone's real ones, and keys of another database open nothing here.</summary>
    private static async Task<DemoKeys> OpenKeysAsync(CommandRun run, string folder)
    {
        var organizations = await new GovernanceReader(run.Database).ListOrganizationsAsync(run.Cancel);
        if (organizations.Count == 0) return DemoKeys.Begin(folder);
        var keys = DemoKeys.Load(folder);
        // A folder that holds both was the demo's from its beginning; a server's database is known by the id of its organization.
        var isOwn = run.Options.Data is null ? organizations.Any(o => o.OrganizationId == keys.OrganizationId) : DemoKeys.Exist(folder);
        return isOwn ? keys : throw new CommandException("demo_folder_in_use",
            $"{run.Options.Data ?? "the database"} holds an organization that is not the demo's ({organizations[0].Slug}): "
            + (run.Options.Data is null ? "give the demo an empty database" : "give the demo another folder with --data"));
    }

    private static async Task<SandboxServer> StartSandboxAsync(CancellationToken cancel)
    {
        try
        {
            return await SandboxServer.StartAsync(new SandboxOptions { Port = PreferredSandboxPort }, cancel);
        }
        catch (IOException)
        {
            return await SandboxServer.StartAsync(new SandboxOptions(), cancel);
        }
    }

    private static async Task ApplyAsync(CommandRun run, MasterKey masterKey, SandboxServer sandbox, DemoKeys keys, TimeProvider clock)
    {
        // First the file, then the keys: a start that is cut off between the two is seen as the demo's by the next one.
        keys.Save();
        var text = (await ReadDeclarationAsync()).Replace("{sandbox}", sandbox.BaseUrl.ToString(), StringComparison.Ordinal);
        var outcome = await Declarations.ApplyAsync(
            run.Database, masterKey, text, Declaration, new DeclarationOptions(), new ChangeAuthor("demo", "cli"), clock, run.Cancel);
        if (outcome is ApplyOutcome.Refused refused)
            throw new CommandException("demo_folder_in_use", $"the demo cannot be set up ({refused.Errors[0].Message}): remove its folder and start it again");
        foreach (var key in ((ApplyOutcome.Applied)outcome).Keys) keys.Keep(key.Slug, key.Secret);
        keys.OrganizationId = (await new GovernanceReader(run.Database).ListOrganizationsAsync(run.Cancel)).Single(o => o.Slug == Organization).OrganizationId;
        keys.Save();
    }

    private static async Task<string> ReadDeclarationAsync()
    {
        await using var stream = typeof(DemoCommand).Assembly.GetManifestResourceStream(Declaration)
            ?? throw new InvalidOperationException($"{Declaration} is not in this build");
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>An address that a client on this machine can use.</summary>
    private static string Reachable(string url) => url
        .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)
        .Replace("[::]", "127.0.0.1", StringComparison.Ordinal)
        .TrimEnd('/');
}
