using System.CommandLine;
using Spendra.Storage.Schema;

namespace Spendra.Cli;

/// <summary><c>migrate</c>: every command does the same first; this one says what it did.</summary>
internal static class MigrateCommand
{
    private static readonly Option<bool> Plan = new("--plan") { Description = "Print the statements that it would run, and change nothing." };

    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("migrate", "Bring the database to this version's schema.")
        {
            CommonOptions.Data,
            CommonOptions.Database,
            Plan,
        };
        command.Does(environment, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        if (run.Arguments.GetValue(Plan)) return await PlanAsync(run);
        var applied = await Migrator.MigrateAsync(run.Options.Database, run.Cancel);
        foreach (var script in applied) run.Output.Line($"applied {script}");
        run.Output.Line($"{run.Options.Database} is at the current schema{(applied.Count == 0 ? " already" : "")}");
        run.Output.Json(new MigrationDocument(run.Options.Database.ToString(), applied), CliJson.Default.MigrationDocument);
        return 0;
    }

    /// <summary>As a script that somebody can read, or keep beside the release.</summary>
    private static async Task<int> PlanAsync(CommandRun run)
    {
        var planned = await Migrator.PlanAsync(run.Options.Database, run.Cancel);
        run.Output.Line(planned.Count == 0 ? $"-- {run.Options.Database} is at the current schema: nothing would be applied"
            : $"-- {planned.Count} scripts would be applied to {run.Options.Database}, each in a transaction of its own");
        foreach (var script in planned)
        {
            run.Output.Line();
            run.Output.Line($"-- {script.Name}");
            run.Output.Line(script.Sql.TrimEnd());
        }
        run.Output.Json(new MigrationPlan(run.Options.Database.ToString(), planned), CliJson.Default.MigrationPlan);
        return 0;
    }
}
