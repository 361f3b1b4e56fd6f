using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.Declarations;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Governance;

/// <summary>What <c>plan</c> and <c>apply</c> have in common: the file, its errors and how changes are shown.</summary>
internal static class DeclarationFile
{
    private const string StandardInput = "-";
    private const int LongestBytes = 64 * 1024 * 1024;

    public static readonly Option<string> File = new("--file", "-f")
    {
        Description = "The YAML or JSON file that declares the organization; '-' reads standard input.",
        HelpName = "file",
        Required = true,
    };

    public static readonly Option<bool> Prune = new("--prune")
    {
        Description = "Archive what is missing from the lists that the file has, and revoke its keys.",
    };

    public static string NameOf(CommandRun run) =>
        run.Arguments.GetValue(File) is StandardInput ? "<stdin>" : run.Arguments.GetRequiredValue(File);

    public static DeclarationOptions OptionsOf(CommandRun run) => new(run.Arguments.GetValue(Prune));

    public static async Task<string> ReadAsync(CommandRun run)
    {
        var path = run.Arguments.GetRequiredValue(File);
        if (path == StandardInput) return await run.Environment.Input.ReadToEndAsync(run.Cancel);
        if (!System.IO.File.Exists(path)) throw new CommandException("file_not_found", $"{path} does not exist: name the file that declares the organization");
        if (new FileInfo(path).Length > LongestBytes) throw new CommandException("file_too_large", $"{path} is larger than {LongestBytes} bytes: split it");
        return await System.IO.File.ReadAllTextAsync(path, run.Cancel);
    }

    public static Task<MasterKey> MasterKeyAsync(CommandRun run) =>
        MasterKeyStore.LoadAsync(run.Database, run.Options.Database, run.Options.MasterKey?.Reveal(), run.Cancel);

    /// <summary>Whom audit records name when someone works at the command line.</summary>
    public static ChangeAuthor AuthorOf(string? reason) => new(Environment.UserName, "cli", reason);

    /// <summary>Every error on a line of its own, as compilers print them.</summary>
    public static int Refuse(CommandRun run, IReadOnlyList<DeclarationError> errors)
    {
        foreach (var error in errors) run.Environment.Error.WriteLine(error);
        var message = $"{NameOf(run)} has {errors.Count} {(errors.Count == 1 ? "error" : "errors")}: nothing was changed";
        run.Environment.Error.WriteLine($"spendra: {message}");
        run.Output.Json(new DeclarationErrorsDocument(new ErrorDetail("declaration_invalid", message), errors),
            CliJson.Default.DeclarationErrorsDocument);
        return Failure.Failed;
    }

    /// <summary>What changes, one item a line, with the fields that differ; what stays is only counted.</summary>
    public static void Show(CommandOutput output, IReadOnlyList<PlannedChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Action == ChangeAction.Unchanged)
            {
                if (change.Note is { } note) output.Line($"= {change.Kind} {change.Slug} {note}");
                continue;
            }
            output.Line($"{Mark(change.Action)} {change.Action.ToString().ToLowerInvariant()} {change.Kind} {change.Slug}");
            if (change.Action is not (ChangeAction.Update or ChangeAction.Restore)) continue;
            foreach (var field in change.Fields)
                output.Line($"    {field.Field}: {Visible(field.Before)} → {Visible(field.After)}");
        }
    }

    public static int CountUnchanged(IReadOnlyList<PlannedChange> changes) => changes.Count(c => c.Action == ChangeAction.Unchanged);

    private static char Mark(ChangeAction action) => action switch
    {
        ChangeAction.Create or ChangeAction.Restore => '+',
        ChangeAction.Update => '~',
        ChangeAction.Archive or ChangeAction.Revoke => '-',
        ChangeAction.Unchanged => '=',
    };

    private static string Visible(string? value) => value ?? "(none)";
}
