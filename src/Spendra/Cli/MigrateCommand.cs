using System.CommandLine;
using Spendra.Storage.Schema;

namespace Spendra.Cli;

/// <summary><c>migrate</c>: every command does the same first; this one says what it did.</summary>
internal static class MigrateCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("migrate", "Bring the database to this version's schema.")
        {
            CommonOptions.Data,
            CommonOptions.Database,
        };
        command.Does(environment, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var applied = await Migrator.MigrateAsync(run.Options.Database, run.Cancel);
        foreach (var script in applied) run.Output.Line($"applied {script}");
        run.Output.Line($"{run.Options.Database} is at the current schema{(applied.Count == 0 ? " already" : "")}");
        run.Output.Json(new MigrationDocument(run.Options.Database.ToString(), applied), CliJson.Default.MigrationDocument);
        return 0;
    }
}
