using System.Runtime.CompilerServices;
using Spendra.Core.Audit;
using Spendra.Core.Ledger;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>The columns of each dataset, and its rows as cells. Columns are only ever added at the end.</summary>
internal static class ExportTables
{
    /// <summary>Named in manifests: raised when a column changes its meaning.</summary>
    public const int SchemaVersion = 1;

    private static readonly ExportColumn[] Events =
    [
        new("entry", CellKind.Number), new("booked_at", CellKind.Instant), new("request_id", CellKind.Text), new("event", CellKind.Number),
        new("kind", CellKind.Text), new("reserved_at", CellKind.Instant), new("occurred_at", CellKind.Instant), new("key_id", CellKind.Text),
        new("key", CellKind.Text), new("scopes", CellKind.Text), new("provider", CellKind.Text), new("account_id", CellKind.Text),
        new("account", CellKind.Text), new("model", CellKind.Text), new("served_model", CellKind.Text), new("route", CellKind.Text),
        new("environment", CellKind.Text), new("price_id", CellKind.Text), new("cost", CellKind.Money), new("held", CellKind.Money),
        new("input_units", CellKind.Number), new("cached_input_units", CellKind.Number), new("cache_write_units", CellKind.Number),
        new("output_units", CellKind.Number), new("reasoning_units", CellKind.Number), new("other_units", CellKind.Text),
        new("is_estimated", CellKind.Flag), new("is_billed", CellKind.Flag), new("upstream_request_id", CellKind.Text),
        new("upstream_status", CellKind.Number), new("reason", CellKind.Text),
    ];

    private static readonly ExportColumn[] Postings =
    [
        new("entry", CellKind.Number), new("line", CellKind.Number), new("kind", CellKind.Text), new("booked_at", CellKind.Instant),
        new("booked_month", CellKind.Text), new("subject_id", CellKind.Text), new("event", CellKind.Number), new("corrects_entry", CellKind.Number),
        new("ledger_account", CellKind.Text), new("account_id", CellKind.Text), new("account", CellKind.Text), new("amount", CellKind.Money),
    ];

    private static readonly ExportColumn[] Audit =
    [
        new("sequence", CellKind.Number), new("recorded_at", CellKind.Instant), new("actor", CellKind.Text), new("action", CellKind.Text),
        new("subject_kind", CellKind.Text), new("subject", CellKind.Text), new("before", CellKind.Text), new("after", CellKind.Text),
        new("reason", CellKind.Text), new("origin", CellKind.Text), new("previous_hash", CellKind.Text), new("hash", CellKind.Text),
    ];

    public static IReadOnlyList<ExportColumn> ColumnsOf(ExportDataset dataset) => dataset switch
    {
        ExportDataset.SpendEvents => Events,
        ExportDataset.Journal => Postings,
        ExportDataset.Rollups => RollupTables.Usage,
        ExportDataset.UnitRollups => RollupTables.Units,
        ExportDataset.RefusalRollups => RollupTables.Refusals,
        ExportDataset.LatencyRollups => RollupTables.Latency,
        ExportDataset.Audit => Audit,
        ExportDataset.Focus => FocusTable.Columns,
    };

    /// <summary>The rows behind the run's position.</summary>
    public static IAsyncEnumerable<ExportRow> ReadAsync(ExportSource source, ExportDataset dataset, CancellationToken cancel) => dataset switch
    {
        ExportDataset.SpendEvents => CellsAsync(source.ReadEventsAsync(cancel), Of, cancel),
        ExportDataset.Journal => CellsAsync(source.ReadPostingsAsync(cancel), Of, cancel),
        ExportDataset.Rollups => CellsAsync(source.ReadRollupsAsync(cancel), RollupTables.Of, cancel),
        ExportDataset.UnitRollups => CellsAsync(source.ReadUnitsAsync(cancel), RollupTables.Of, cancel),
        ExportDataset.RefusalRollups => CellsAsync(source.ReadRefusalsAsync(cancel), RollupTables.Of, cancel),
        ExportDataset.LatencyRollups => CellsAsync(source.ReadLatencyAsync(cancel), RollupTables.Of, cancel),
        ExportDataset.Audit => CellsAsync(source.ReadAuditAsync(cancel), Of, cancel),
        ExportDataset.Focus => CellsAsync(source.ReadChargesAsync(cancel), FocusTable.Of, cancel),
    };

    private static async IAsyncEnumerable<ExportRow> CellsAsync<TRow>(
        IAsyncEnumerable<Exported<TRow>> rows, Func<TRow, ExportCell[]> cells, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var row in rows.WithCancellation(cancel)) yield return new ExportRow(cells(row.Row), row.Position);
    }

    private static ExportCell[] Of(ExportedEvent e) =>
    [
        e.EntrySequence, e.BookedAt, e.ReservationId, e.EventNumber, KindOf(e.Kind), e.ReservedAt, e.OccurredAt, e.KeyId, e.Key,
        string.Join(' ', e.Scopes), e.Provider, e.AccountId, e.Account, e.Model, e.ServedModel, e.Route, e.Environment, e.PriceId, e.Cost, e.Held,
        e.InputUnits, e.CachedInputUnits, e.CacheWriteUnits, e.OutputUnits, e.ReasoningUnits, e.OtherUnits, e.IsEstimated, e.IsBilled,
        e.UpstreamRequestId, e.UpstreamStatus, e.Reason,
    ];

    private static ExportCell[] Of(ExportedPosting p) =>
    [
        p.EntrySequence, p.Line, KindOf(p.Kind), p.BookedAt, p.BookedMonth, p.SubjectId, p.EventNumber, p.CorrectsSequence,
        p.LedgerAccount switch { LedgerAccount.Expense => "expense", LedgerAccount.Payable => "payable" }, p.AccountId, p.Account, p.Amount,
    ];

    private static ExportCell[] Of(AuditRecord r) =>
    [
        r.Sequence, r.RecordedAt, r.Actor, r.Action, r.SubjectKind, r.Subject, r.BeforeState, r.AfterState, r.Reason, r.Origin,
        Convert.ToHexStringLower(r.PreviousHash), Convert.ToHexStringLower(r.Hash),
    ];

    private static string KindOf(SpendKind kind) => kind switch
    {
        SpendKind.Settled => "settled",
        SpendKind.Expired => "expired",
        SpendKind.Late => "late",
        SpendKind.Adjusted => "adjusted",
    };

    private static string KindOf(EntryKind kind) => kind switch
    {
        EntryKind.Settlement => "settlement",
        EntryKind.Expiry => "expiry",
        EntryKind.Late => "late",
        EntryKind.Adjustment => "adjustment",
    };
}
