using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.Audit;
using Spendra.Governance;
using Spendra.Storage;

namespace Spendra.Audit;

internal sealed record AuditExportDocument(string File, long Records);

internal sealed record AuditKeyDocument(string Algorithm, string PublicKey);

/// <summary><c>audit export</c>, <c>audit verify</c>, <c>audit key</c>.</summary>
internal static class AuditCommand
{
    private const string Standard = "-";

    private static readonly Argument<string> File = new("file") { Description = "An export of audit records; '-' reads standard input." };
    private static readonly Option<string> Out = new("--out") { Description = "The file to write; '-' is standard output.", HelpName = "file", DefaultValueFactory = _ => Standard };
    private static readonly Option<long?> From = new("--from") { Description = "The first record. Default: the beginning.", HelpName = "number" };
    private static readonly Option<long?> To = new("--to") { Description = "The last record. Default: the end.", HelpName = "number" };
    private static readonly Option<bool> Partial = new("--partial") { Description = "The export is a part on purpose: earlier and later records are not missed." };

    public static Command Create(CommandEnvironment environment)
    {
        var export = new Command("export", "Write the audit records as JSON Lines.") { Out, From, To, CommonOptions.Organization };
        export.DoesWithDatabase(environment, ExportAsync, mustExist: true);
        var verify = new Command("verify", "Verify an export without a database; exit code 1 when something is wrong.") { File, CheckpointOptions.File, CheckpointOptions.PublicKey, Partial };
        verify.Does(environment, Verify);
        var key = new Command("key", "Show the public key that signs checkpoints.");
        key.DoesWithDatabase(environment, ShowKeyAsync, mustExist: true);
        return new Command("audit", "Export and verify the record of every change.") { export, verify, key };
    }

    private static async Task<int> ExportAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var (from, to) = (run.Arguments.GetValue(From), run.Arguments.GetValue(To));
        if (from < 1 || to < from) throw new CommandException("usage", "--from and --to are numbers of records, from 1 on and in order");
        var path = run.Arguments.GetRequiredValue(Out);
        long records;
        if (path == Standard)
        {
            await using var output = new TextStream(run.Environment.Output);
            await AuditExport.WriteAsync(run.Database, organization.OrganizationId, organization.Slug, from, to, run.NowMicros, output, run.Cancel);
            return 0;
        }
        await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write))
            records = await AuditExport.WriteAsync(run.Database, organization.OrganizationId, organization.Slug, from, to, run.NowMicros, file, run.Cancel);
        run.Output.Line($"{records:N0} records are in {path}; verify them with 'spendra audit verify {path}'");
        run.Output.Json(new AuditExportDocument(path, records), CliJson.Default.AuditExportDocument);
        return 0;
    }

    private static Task<int> Verify(CommandRun run)
    {
        var publicKey = CheckpointOptions.ReadKey(run);
        var checkpoints = run.Arguments.GetValue(CheckpointOptions.File);
        var verdict = AuditFile.Verify(CheckpointOptions.LinesOf(run, run.Arguments.GetRequiredValue(File)),
            checkpoints is null ? null : CheckpointOptions.LinesOf(run, checkpoints), publicKey, run.Arguments.GetValue(Partial));
        run.Output.Json(verdict, CliJson.Default.AuditFileVerdict);
        if (verdict.Contradiction is { } contradiction)
        {
            run.Output.Line(verdict.Line is { } line ? $"line {line}: {contradiction}" : contradiction);
            run.Output.Line($"{verdict.Records:N0} records before it agree with each other.");
            return Task.FromResult(Failure.Failed);
        }
        run.Output.Line($"{verdict.Records:N0} records of {verdict.Organization} agree with each other; exported at {InstantText.Of(Micros.Of(verdict.ExportedAt!.Value))}.");
        run.Output.Line(checkpoints is null
            ? "Without checkpoints nothing tells whether the newest records are missing."
            : $"{verdict.Checkpoints:N0} signed checkpoints agree with them, {verdict.CheckpointsBeside:N0} are of other records, {verdict.UnreadableCheckpoints:N0} lines are unreadable.");
        return Task.FromResult(0);
    }

    private static async Task<int> ShowKeyAsync(CommandRun run)
    {
        var key = new CheckpointKey(await DeclarationFile.MasterKeyAsync(run));
        run.Output.Line(key.PublicKey);
        run.Output.Json(new AuditKeyDocument("Ed25519", key.PublicKey), CliJson.Default.AuditKeyDocument);
        return 0;
    }
}
