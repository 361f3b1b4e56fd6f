using Spendra.Core.Rollups;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>The columns of sums by hour and day, and their rows as cells. Columns are only ever added at the end.</summary>
internal static class RollupTables
{
    private static readonly ExportColumn[] Period = [new("span", CellKind.Text), new("starts_at", CellKind.Instant)];

    private static readonly ExportColumn[] Subject = [new("subject_id", CellKind.Text), new("subject", CellKind.Text)];

    private static readonly ExportColumn[] Series =
    [
        new("series_id", CellKind.Text), new("account_id", CellKind.Text), new("provider", CellKind.Text), new("model", CellKind.Text),
        new("environment", CellKind.Text),
    ];

    public static ExportColumn[] Usage { get; } =
    [
        .. Period, .. Subject, .. Series, new("requests", CellKind.Number), new("releases", CellKind.Number), new("cost", CellKind.Money),
        new("corrected", CellKind.Money), new("estimated_requests", CellKind.Number), new("estimated", CellKind.Money),
        new("input_units", CellKind.Number), new("cached_input_units", CellKind.Number), new("cache_write_units", CellKind.Number),
        new("output_units", CellKind.Number), new("reasoning_units", CellKind.Number), new("measured_held", CellKind.Money), new("measured", CellKind.Money),
    ];

    public static ExportColumn[] Units { get; } = [.. Period, .. Subject, .. Series, new("unit", CellKind.Text), new("units", CellKind.Number)];

    public static ExportColumn[] Refusals { get; } = [.. Period, .. Subject, .. Series, new("code", CellKind.Text), new("refusals", CellKind.Number)];

    public static ExportColumn[] Latency { get; } =
    [
        .. Period, .. Series, new("latency_class", CellKind.Number), new("from_ms", CellKind.Number), new("to_ms", CellKind.Number),
        new("requests", CellKind.Number), new("total_micros", CellKind.Number),
    ];

    public static ExportCell[] Of(ExportedRollup r) =>
    [
        .. PeriodOf(r.Of), .. SubjectOf(r.Of), .. SeriesOf(r.Of), r.Requests, r.Releases, r.Cost, r.Corrected, r.EstimatedRequests, r.Estimated, r.InputUnits,
        r.CachedInputUnits, r.CacheWriteUnits, r.OutputUnits, r.ReasoningUnits, r.MeasuredHeld, r.Measured,
    ];

    public static ExportCell[] Of(ExportedCount c) => [.. PeriodOf(c.Of), .. SubjectOf(c.Of), .. SeriesOf(c.Of), c.What, c.Count];

    /// <summary>A class begins where the one before it ends; the last has no end.</summary>
    public static ExportCell[] Of(ExportedLatency l) =>
    [
        .. PeriodOf(l.Of), .. SeriesOf(l.Of), l.LatencyClass, l.LatencyClass == 0 ? 0 : LatencyClasses.EndMs(l.LatencyClass - 1), LatencyClasses.EndMs(l.LatencyClass),
        l.Requests, l.TotalMicros,
    ];

    private static ExportCell[] PeriodOf(ExportedSums s) => [s.Span == 0 ? "hour" : "day", s.StartsAt];

    private static ExportCell[] SubjectOf(ExportedSums s) => [s.SubjectId, s.Subject];

    private static ExportCell[] SeriesOf(ExportedSums s) => [s.SeriesId, s.AccountId, s.Provider, s.Model, s.Environment];
}
