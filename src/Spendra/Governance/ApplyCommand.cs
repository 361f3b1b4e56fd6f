using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.Declarations;

namespace Spendra.Governance;

/// <summary><c>apply -f FILE</c>: makes the stored organization what the file declares, and prints the secrets of new keys once.</summary>
internal static class ApplyCommand
{
    private static readonly Option<string?> Reason = new("--reason")
    {
        Description = "Why, for the audit records.",
        HelpName = "text",
    };

    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("apply", "Apply a declaration: everything or nothing.")
        {
            DeclarationFile.File,
            DeclarationFile.Prune,
            Reason,
        };
        command.DoesWithDatabase(environment, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var text = await DeclarationFile.ReadAsync(run);
        var masterKey = await DeclarationFile.MasterKeyAsync(run);
        var author = DeclarationFile.AuthorOf(run.Arguments.GetValue(Reason));
        var outcome = await Declarations.ApplyAsync(run.Database, masterKey, text, DeclarationFile.NameOf(run),
            DeclarationFile.OptionsOf(run), author, run.Time, run.Cancel);
        if (outcome is ApplyOutcome.Refused refused) return DeclarationFile.Refuse(run, refused.Errors);

        var applied = (ApplyOutcome.Applied)outcome;
        var unchanged = DeclarationFile.CountUnchanged(applied.Changes);
        DeclarationFile.Show(run.Output, applied.Changes);
        run.Output.Line(applied.Changes.Count == unchanged
            ? $"nothing to change: {unchanged} items are as declared"
            : $"{applied.Changes.Count - unchanged} changed, {unchanged} as declared");
        if (applied.Keys.Count > 0)
        {
            run.Output.Line();
            run.Output.Line("New keys. Their secrets are shown only now:");
            foreach (var key in applied.Keys) run.Output.Line($"  {key.Slug}  {key.Secret}");
        }
        run.Output.Json(new ApplyDocument(applied.OrganizationId, applied.Epoch, ChangeDocument.Of(applied.Changes), unchanged,
            [.. applied.Keys.Select(IssuedKeyDocument.Of)]), CliJson.Default.ApplyDocument);
        return 0;
    }
}
