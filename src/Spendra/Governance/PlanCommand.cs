using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.Declarations;

namespace Spendra.Governance;

/// <summary><c>plan -f FILE</c>: what applying the file would change. Writes nothing.</summary>
internal static class PlanCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("plan", "Show what applying a declaration would change.")
        {
            DeclarationFile.File,
            DeclarationFile.Prune,
        };
        command.DoesWithDatabase(environment, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var text = await DeclarationFile.ReadAsync(run);
        var masterKey = await DeclarationFile.MasterKeyAsync(run);
        var outcome = await Declarations.PlanAsync(
            run.Database, masterKey, text, DeclarationFile.NameOf(run), DeclarationFile.OptionsOf(run), run.Cancel);
        if (outcome is PlanOutcome.Refused refused) return DeclarationFile.Refuse(run, refused.Errors);

        var changes = ((PlanOutcome.Planned)outcome).Changes;
        var unchanged = DeclarationFile.CountUnchanged(changes);
        DeclarationFile.Show(run.Output, changes);
        run.Output.Line(changes.Count == unchanged
            ? $"nothing to change: {unchanged} items are as declared"
            : $"{changes.Count - unchanged} to change, {unchanged} as declared; 'spendra apply' does it");
        run.Output.Json(new PlanDocument(ChangeDocument.Of(changes), unchanged), CliJson.Default.PlanDocument);
        return 0;
    }
}
