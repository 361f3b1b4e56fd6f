using System.Data.Common;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Reconciliation;

/// <summary>Adds bills, runs and links to proposals, for <see cref="GovernanceRowWriter"/>.</summary>
internal sealed class ReconciliationWriter(
    Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, CancellationToken cancel)
{
    private const string Import = """
        INSERT INTO bill_imports (organization_id, import_id, account_id, format, digest, first_day, end_day, line_count, skipped_count,
            amount_nanos, imported_at, imported_by)
        VALUES (@OrganizationId, @ImportId, @AccountId, @Format, @Digest, @FirstDay, @EndDay, @LineCount, @SkippedCount, @amount,
            @NowMicros, @Actor)
        """;

    private const string Day = """
        INSERT INTO bill_days (organization_id, account_id, day, import_id) VALUES (@OrganizationId, @AccountId, @day, @ImportId)
        ON CONFLICT (organization_id, account_id, day) DO UPDATE SET import_id = excluded.import_id
        """;

    private const string Run = """
        INSERT INTO reconciliation_runs (organization_id, run_id, account_id, period_starts_at, rounding_nanos, billed_nanos, booked_nanos,
            difference_count, days_without_bill, entry_sequence, created_at, created_by)
        VALUES (@OrganizationId, @RunId, @AccountId, @startsAt, @rounding, @billed, @booked, @DifferenceCount, @DaysWithoutBill,
            @EntrySequence, @NowMicros, @Actor)
        """;

    private const string OneDifference = """
        INSERT INTO reconciliation_differences (organization_id, run_id, number, day, model, class, kind, amount_nanos, billed_nanos,
            booked_nanos, billed_quantity, booked_quantity, source_line)
        VALUES (@OrganizationId, @RunId, @number, @Day, @Model, @unit, @kind, @amount, @billed, @booked, @BilledQuantity, @BookedQuantity,
            @SourceLine)
        """;

    private const string Link = """
        INSERT INTO reconciliation_proposals (organization_id, account_id, period_starts_at, adjustment_id, kind, run_id)
        VALUES (@OrganizationId, @AccountId, @startsAt, @AdjustmentId, @kind, @RunId)
        """;

    public async Task WriteAsync(List<GovernanceWrite> writes)
    {
        foreach (var add in writes.OfType<GovernanceWrite.AddBill>()) await AddAsync(add.Import, add.Lines);
        foreach (var add in writes.OfType<GovernanceWrite.AddRun>()) await AddAsync(add.Run, add.Differences);
        await EachAsync(Link, writes.OfType<GovernanceWrite.LinkProposal>().Select(w => w.Proposal).Select(p => new
        {
            stamp.OrganizationId, p.AccountId, startsAt = p.Period.StartsAt, p.AdjustmentId, kind = DifferenceKinds.NameOf(p.Kind), p.RunId,
        }));
    }

    private async Task AddAsync(BillImport import, IReadOnlyList<BilledLine> lines)
    {
        await EachAsync(Import,
        [
            new
            {
                stamp.OrganizationId, import.ImportId, import.AccountId, import.Format, import.Digest, import.FirstDay, import.EndDay,
                import.LineCount, import.SkippedCount, amount = import.Amount.Value, stamp.NowMicros, stamp.Actor,
            },
        ]);
        await BilledLineWriter.InsertAsync(database, connection, transaction, stamp.OrganizationId, import.ImportId, before: 0, lines, cancel);
        var days = new List<object>();
        for (var day = import.FirstDay; day < import.EndDay; day++) days.Add(new { stamp.OrganizationId, import.AccountId, day, import.ImportId });
        await EachAsync(Day, days);
    }

    private async Task AddAsync(ReconciliationRun run, IReadOnlyList<Difference> differences)
    {
        await EachAsync(Run,
        [
            new
            {
                stamp.OrganizationId, run.RunId, run.AccountId, startsAt = run.Period.StartsAt, rounding = run.Rounding.Value,
                billed = run.Billed.Value, booked = run.Booked.Value, run.DifferenceCount, run.DaysWithoutBill, run.EntrySequence, stamp.NowMicros, stamp.Actor,
            },
        ]);
        await EachAsync(OneDifference, differences.Select((d, i) => new
        {
            stamp.OrganizationId, run.RunId, number = i + 1, d.Day, d.Model, unit = NameOf(d.Class), kind = DifferenceKinds.NameOf(d.Kind),
            amount = d.Amount.Value, billed = d.Billed.Value, booked = d.Booked.Value, d.BilledQuantity, d.BookedQuantity, d.SourceLine,
        }));
    }

    private static string? NameOf(Core.Metering.UnitClass? unit) => unit is { } known ? BilledClasses.NameOf(known) : null;

    private Task EachAsync(string sql, IEnumerable<object> rows) => database.ExecuteEachAsync(connection, transaction, sql, rows, cancel);
}
