using System.Globalization;
using Spendra.Core.Money;

namespace Spendra.Storage.Exports;

/// <summary>The statements that read sums for <see cref="ExportSource"/>, in the order of their keys, and the rows that they read.</summary>
internal static class RollupRows
{
    private const string Series = "s.account_id, s.provider, s.model, s.environment";

    private const string OfSeries = "JOIN rollup_series s ON s.organization_id = u.organization_id AND s.series_id = u.series_id";

    private const string Subject = "u.subject_id, k.slug AS key_slug, c.kind AS scope_kind, c.slug AS scope_slug";

    private const string OfSubject = """
        LEFT JOIN scopes c ON c.organization_id = u.organization_id AND c.scope_id = u.subject_id
        LEFT JOIN scoped_keys k ON k.organization_id = u.organization_id AND k.key_id = u.subject_id
        """;

    private const string InSpan = "u.organization_id = @organizationId AND u.starts_at >= @from AND u.starts_at < @until";

    public const string Usage = $"""
        SELECT u.span, u.starts_at, {Subject}, u.series_id, {Series}, u.requests, u.releases, u.cost_nanos, u.corrected_nanos,
            u.estimated_requests, u.estimated_nanos, u.input_units, u.cached_input_units, u.cache_write_units, u.output_units,
            u.reasoning_units, u.measured_held_nanos, u.measured_nanos
        FROM usage_rollups u
        {OfSeries}
        {OfSubject}
        WHERE {InSpan} AND (u.span, u.starts_at, u.subject_id, u.series_id) > (@span, @startsAt, @subjectId, @seriesId)
        ORDER BY u.span, u.starts_at, u.subject_id, u.series_id LIMIT @limit
        """;

    public const string Units = $"""
        SELECT u.span, u.starts_at, {Subject}, u.series_id, {Series}, u.unit AS what, u.units AS count
        FROM unit_rollups u
        {OfSeries}
        {OfSubject}
        WHERE {InSpan} AND (u.span, u.starts_at, u.subject_id, u.series_id, u.unit) > (@span, @startsAt, @subjectId, @seriesId, @what)
        ORDER BY u.span, u.starts_at, u.subject_id, u.series_id, u.unit LIMIT @limit
        """;

    public const string Refusals = $"""
        SELECT u.span, u.starts_at, {Subject}, u.series_id, {Series}, u.code AS what, u.refusals AS count
        FROM refusal_rollups u
        {OfSeries}
        {OfSubject}
        WHERE {InSpan} AND (u.span, u.starts_at, u.subject_id, u.series_id, u.code) > (@span, @startsAt, @subjectId, @seriesId, @what)
        ORDER BY u.span, u.starts_at, u.subject_id, u.series_id, u.code LIMIT @limit
        """;

    public const string Latency = $"""
        SELECT u.span, u.starts_at, u.series_id, {Series}, u.latency_class, u.requests AS count, u.total_micros
        FROM latency_rollups u
        {OfSeries}
        WHERE {InSpan} AND (u.span, u.starts_at, u.series_id, u.latency_class) > (@span, @startsAt, @seriesId, @latencyClass)
        ORDER BY u.span, u.starts_at, u.series_id, u.latency_class LIMIT @limit
        """;

    /// <summary>The key of a row of sums; a part that its table does not have is empty.</summary>
    internal sealed record Key(int Span, long StartsAt, Guid SubjectId, Guid SeriesId, string What, int LatencyClass)
    {
        private const char Between = '|';

        /// <summary>Before all rows.</summary>
        public static Key First { get; } = new(-1, 0, Guid.Empty, Guid.Empty, "", -1);

        /// <summary>Reads what <see cref="ToString"/> wrote; null is the beginning.</summary>
        public static Key Parse(string? text)
        {
            if (text is null) return First;
            var parts = text.Split(Between);
            return new Key(int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture), Guid.Parse(parts[2]), Guid.Parse(parts[3]),
                parts.Length > 4 ? parts[4] : "", parts.Length > 5 ? int.Parse(parts[5], CultureInfo.InvariantCulture) : -1);
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Span}|{StartsAt}|{SubjectId}|{SeriesId}|{What}|{LatencyClass}");
    }

    internal class StoredSum
    {
        public int Span { get; set; }
        public long StartsAt { get; set; }
        public Guid SubjectId { get; set; }
        public string? KeySlug { get; set; }
        public string? ScopeKind { get; set; }
        public string? ScopeSlug { get; set; }
        public Guid SeriesId { get; set; }
        public Guid AccountId { get; set; }
        public string Provider { get; set; } = "";
        public string Model { get; set; } = "";
        public string Environment { get; set; } = "";
        public string What { get; set; } = "";
        public int LatencyClass { get; set; } = -1;
        public long Count { get; set; }
        public long TotalMicros { get; set; }

        public Key ToKey() => new(Span, StartsAt, SubjectId, SeriesId, What, LatencyClass);

        public ExportedSums ToSums() => new()
        {
            Span = Span, StartsAt = StartsAt, SubjectId = SubjectId,
            Subject = KeySlug is not null ? $"key/{KeySlug}" : ScopeKind == "organization" ? ScopeKind : ScopeKind is not null ? $"{ScopeKind}/{ScopeSlug}" : null,
            SeriesId = SeriesId, AccountId = AccountId, Provider = Provider, Model = Model, Environment = Environment,
        };

        public ExportedCount ToCount() => new(ToSums(), What, Count);

        public ExportedLatency ToLatency() => new(ToSums(), LatencyClass, Count, TotalMicros);
    }

    internal sealed class StoredUsage : StoredSum
    {
        public long Requests { get; set; }
        public long Releases { get; set; }
        public long CostNanos { get; set; }
        public long CorrectedNanos { get; set; }
        public long EstimatedRequests { get; set; }
        public long EstimatedNanos { get; set; }
        public long InputUnits { get; set; }
        public long CachedInputUnits { get; set; }
        public long CacheWriteUnits { get; set; }
        public long OutputUnits { get; set; }
        public long ReasoningUnits { get; set; }
        public long MeasuredHeldNanos { get; set; }
        public long MeasuredNanos { get; set; }

        public ExportedRollup ToRollup() => new()
        {
            Of = ToSums(), Requests = Requests, Releases = Releases, Cost = new NanoUsd(CostNanos), Corrected = new NanoUsd(CorrectedNanos),
            EstimatedRequests = EstimatedRequests, Estimated = new NanoUsd(EstimatedNanos), InputUnits = InputUnits, CachedInputUnits = CachedInputUnits,
            CacheWriteUnits = CacheWriteUnits, OutputUnits = OutputUnits, ReasoningUnits = ReasoningUnits, MeasuredHeld = new NanoUsd(MeasuredHeldNanos),
            Measured = new NanoUsd(MeasuredNanos),
        };
    }
}
