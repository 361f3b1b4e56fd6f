using System.CommandLine;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Schema;

namespace Spendra.Cli;

/// <summary>One run of one command: its arguments, settings, output and, when it needs one, database.</summary>
internal sealed class CommandRun(ParseResult arguments, SpendraOptions options, CommandOutput output, CommandEnvironment environment)
{
    private Database? _database;

    public ParseResult Arguments { get; } = arguments;

    public SpendraOptions Options { get; } = options;

    public CommandOutput Output { get; } = output;

    public CommandEnvironment Environment { get; } = environment;

    public TimeProvider Time => Environment.Time;

    public CancellationToken Cancel => Environment.Stop;

    public long NowMicros => (Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The database at this program's schema; opened by <see cref="OpenDatabaseAsync"/>.</summary>
    public Database Database => _database ?? throw new InvalidOperationException("the command was not declared to use a database");

    /// <param name="mustExist">For commands that only look: a folder that was mistyped must not become a database.</param>
    public async Task<Database> OpenDatabaseAsync(bool mustExist)
    {
        if (mustExist && Options.Database.IsMissing)
        {
            throw new CommandException("database_not_found",
                $"there is no Spendra database in {Options.Database}: check --data or --database, or apply a declaration first");
        }
        await Migrator.MigrateAsync(Options.Database, Cancel);
        return _database = Database.Open(Options.Database);
    }

    /// <summary>The organization that was named, or the only one there is.</summary>
    public async Task<OrganizationName> FindOrganizationAsync()
    {
        var all = await new GovernanceReader(Database).ListOrganizationsAsync(Cancel);
        if (Arguments.GetValue(CommonOptions.Organization) is { } slug)
        {
            return all.FirstOrDefault(o => o.Slug == slug) ?? throw new CommandException("organization_not_found",
                $"there is no organization '{slug}': {(all.Count == 0 ? "apply a declaration first" : $"there are {Names(all)}")}");
        }
        return all.Count switch
        {
            1 => all[0],
            0 => throw new CommandException("organization_not_found",
                "there is no organization yet: apply a declaration first (spendra apply -f FILE), or check --data or --database"),
            _ => throw new CommandException("organization_required",
                $"there are several organizations: name one with --organization ({Names(all)})"),
        };
    }

    private static string Names(IReadOnlyList<OrganizationName> all) => string.Join(", ", all.Select(o => o.Slug));
}
