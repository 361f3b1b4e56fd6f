using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Ledger;

/// <summary>One open reservation as <c>--json</c> prints it.</summary>
internal sealed record ReservationDocument(
    Guid Id, long AgeSeconds, string Key, string Actor, string Route, string Model, NanoUsd AmountUsd, DateTime ReservedAt,
    DateTime ExpiresAt);

internal sealed record ReservationsDocument(IReadOnlyList<ReservationDocument> Reservations);

/// <summary><c>reservations</c>: what requests in flight hold.</summary>
internal static class ReservationsCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("reservations", "Show the open reservations, oldest first.") { CommonOptions.Organization };
        command.DoesWithDatabase(environment, RunAsync, mustExist: true);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var open = await new LedgerQueries(run.Database).ListOpenAsync(organization.OrganizationId, run.Cancel);
        var now = Micros.ToInstant(run.NowMicros).UtcDateTime;
        run.Output.Json(
            new ReservationsDocument([.. open.Select(r => ToDocument(r, now))]), CliJson.Default.ReservationsDocument);
        if (open.Count == 0) run.Output.Line("nothing is reserved: no request is in flight");
        else Show(run.Output, open, now);
        return 0;
    }

    private static ReservationDocument ToDocument(OpenReservation r, DateTime now) => new(
        r.Id, (long)(now - r.ReservedAt).TotalSeconds, r.Key, r.Actor, r.Route, r.Model, r.AmountUsd, r.ReservedAt, r.ExpiresAt);

    private static void Show(CommandOutput output, IReadOnlyList<OpenReservation> open, DateTime now)
    {
        var table = CommandOutput.NewTable("request", "age", "key", "actor", "route", "model", "holds USD", "expires in");
        table.Columns[6].Alignment = Justify.Right;
        foreach (var r in open)
        {
            table.AddRow(
                CommandOutput.Cell(r.Id.ToString()), CommandOutput.Cell(Shown.Age(now - r.ReservedAt)), CommandOutput.Cell(r.Key),
                CommandOutput.Cell(r.Actor), CommandOutput.Cell(r.Route), CommandOutput.Cell(r.Model),
                CommandOutput.Cell(r.AmountUsd.ToString()),
                CommandOutput.Cell(r.ExpiresAt > now ? Shown.Age(r.ExpiresAt - now) : "in doubt"));
        }
        output.Show(table);
    }
}
