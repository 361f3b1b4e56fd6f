using System.Data.Common;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Rollups;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Rollups;

/// <summary>What a row of the outbox announces. Only spend has several events of one subject; of others the number is zero here.</summary>
internal readonly record struct Announced(OutboxTopic Topic, Guid SubjectId, int EventNumber);

/// <summary>Reads what is counted into a book: of some rows of the outbox, or of everything that was reserved in some time.</summary>
/// <param name="connection">In a transaction.</param>
/// <param name="transaction">Sees one moment.</param>
/// <param name="organizationId">Whose.</param>
/// <param name="cancel">Stops reading.</param>
internal sealed class RollupReading(DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel)
{
    private const string EventColumns = """
        s.reservation_id, s.event_number, s.key_id, s.scope_ids, s.provider, s.account_id, s.model, s.environment, s.reserved_at,
            s.occurred_at, s.cost_nanos, s.reserved_nanos, s.input_units, s.cached_input_units, s.cache_write_units, s.output_units,
            s.reasoning_units, s.other_units, s.is_estimated
        """;

    private const string ReleaseColumns =
        "r.reservation_id, r.key_id, r.scope_ids, r.provider, r.account_id, r.model, r.environment, r.reserved_at";

    private const string RefusalColumns =
        "f.request_id, f.key_id, f.scope_ids, f.provider, f.model, f.environment, f.refused_at, f.code";

    private const string AdjustmentColumns = "a.adjustment_id, a.account_id, p.provider, a.amount_nanos, a.decided_at";

    private const string Span = "o.organization_id = @organizationId AND o.sequence > @from AND o.sequence <= @to";

    private const string AnnouncedEvents = $"""
        SELECT {EventColumns} FROM outbox o JOIN spend_events s ON s.organization_id = o.organization_id
            AND s.reservation_id = o.subject_id AND s.event_number = o.event_number
        WHERE {Span} AND o.topic = 'spend'
        """;

    private const string AnnouncedReleases = $"""
        SELECT {ReleaseColumns} FROM outbox o JOIN released_reservations r ON r.organization_id = o.organization_id
            AND r.reservation_id = o.subject_id
        WHERE {Span} AND o.topic = 'release'
        """;

    private const string AnnouncedRefusals = $"""
        SELECT {RefusalColumns} FROM outbox o JOIN refusals f ON f.organization_id = o.organization_id AND f.request_id = o.subject_id
        WHERE {Span} AND o.topic = 'refusal'
        """;

    private const string AnnouncedAdjustments = $"""
        SELECT {AdjustmentColumns} FROM outbox o JOIN adjustments a ON a.organization_id = o.organization_id
            AND a.adjustment_id = o.subject_id
        LEFT JOIN provider_accounts p ON p.organization_id = a.organization_id AND p.account_id = a.account_id
        WHERE {Span} AND o.topic = 'adjustment'
        """;

    private const string EventsBetween = $"""
        SELECT {EventColumns} FROM spend_events s
        WHERE s.organization_id = @organizationId AND s.reservation_id >= @from AND s.reservation_id < @to
        """;

    private const string ReleasesBetween = $"""
        SELECT {ReleaseColumns} FROM released_reservations r
        WHERE r.organization_id = @organizationId AND r.reservation_id >= @from AND r.reservation_id < @to
        """;

    private const string RefusalsBetween = $"""
        SELECT {RefusalColumns} FROM refusals f
        WHERE f.organization_id = @organizationId AND f.request_id >= @from AND f.request_id < @to
        """;

    private const string AllAdjustments = $"""
        SELECT {AdjustmentColumns} FROM adjustments a
        LEFT JOIN provider_accounts p ON p.organization_id = a.organization_id AND p.account_id = a.account_id
        WHERE a.organization_id = @organizationId AND a.reservation_id IS NULL AND a.entry_sequence IS NOT NULL
        """;

    private const string Announcements = "SELECT sequence, topic, subject_id, event_number FROM outbox WHERE organization_id = @organizationId";

    // A few series and sets of scopes stand in very many rows.
    private readonly Dictionary<(Guid AccountId, string Provider, string Model, string Environment), RollupSeries> _series = [];
    private readonly Dictionary<(Guid KeyId, UInt128 Scopes), Guid[]> _subjects = [];

    /// <summary>Reads what rows of the outbox announce, and returns how many of them it has found.</summary>
    public async Task<long> ReadAnnouncedAsync(long from, long to, RollupBook book)
    {
        var span = new { organizationId, from, to };
        return await ReadAsync<StoredEvent>(AnnouncedEvents, span, row => Add(row, book))
            + await ReadAsync<StoredRelease>(AnnouncedReleases, span, row => Add(row, book))
            + await ReadAsync<StoredRefusal>(AnnouncedRefusals, span, row => Add(row, book))
            + await ReadAsync<StoredAdjustment>(AnnouncedAdjustments, span, row => Add(row, book));
    }

    /// <summary>What could not be read by <see cref="ReadBetweenAsync"/> and <see cref="ReadAdjustmentsAsync"/>, and why: nothing of it is in a book.</summary>
    public Dictionary<Announced, string> Unread { get; } = [];

    /// <summary>Reads everything whose id lies in a span, into the book that is picked for its time.</summary>
    public async Task<long> ReadBetweenAsync(Guid from, Guid to, Func<long, RollupBook> pick)
    {
        var span = new { organizationId, from, to };
        return await ReadAsync<StoredEvent>(EventsBetween, span, row => Add(row, pick(row.ReservedAt)), row => new Announced(OutboxTopic.Spend, row.ReservationId, row.EventNumber))
            + await ReadAsync<StoredRelease>(ReleasesBetween, span, row => Add(row, pick(row.ReservedAt)), row => new Announced(OutboxTopic.Release, row.ReservationId, 0))
            + await ReadAsync<StoredRefusal>(RefusalsBetween, span, row => Add(row, pick(row.RefusedAt)), row => new Announced(OutboxTopic.Refusal, row.RequestId, 0));
    }

    /// <summary>The rows of the outbox that announce what was not read: one pass through all of it, which a damaged row is worth.</summary>
    public async Task<IReadOnlyList<(long Sequence, string Reason)>> FindUnreadAsync()
    {
        var found = new List<(long, string)>();
        if (Unread.Count == 0) return found;
        await foreach (var row in connection.QueryUnbufferedAsync<StoredAnnouncement>(Announcements, new { organizationId }, transaction, commandTimeout: 0).WithCancellation(cancel))
        {
            if (OutboxTopics.Find(System.Text.Encoding.UTF8.GetBytes(row.Topic)) is not { } topic) continue;
            var announced = new Announced(topic, row.SubjectId, topic == OutboxTopic.Spend ? row.EventNumber : 0);
            if (Unread.TryGetValue(announced, out var reason)) found.Add((row.Sequence, reason));
        }
        return found;
    }

    /// <summary>Reads all corrections of accounts.</summary>
    public Task<long> ReadAdjustmentsAsync(RollupBook book) =>
        ReadAsync<StoredAdjustment>(AllAdjustments, new { organizationId }, row => Add(row, book), row => new Announced(OutboxTopic.Adjustment, row.AdjustmentId, 0));

    private async Task<long> ReadAsync<TRow>(string sql, object parameters, Action<TRow> add, Func<TRow, Announced>? putAside = null)
    {
        var count = 0L;
        await foreach (var row in connection.QueryUnbufferedAsync<TRow>(sql, parameters, transaction, commandTimeout: 0).WithCancellation(cancel))
        {
            count++;
            try
            {
                add(row);
            }
            catch (Exception e) when (putAside is not null && e is InvalidDataException or FormatException or System.Text.Json.JsonException)
            {
                // Rows are read before they are added: what cannot be read is in no sum.
                Unread[putAside(row)] = e.Message;
            }
        }
        return count;
    }

    private void Add(StoredEvent row, RollupBook book) => book.Add(new EventFact
    {
        Series = SeriesOf(row.AccountId, row.Provider, row.Model, row.Environment),
        Subjects = SubjectsOf(row.KeyId, row.ScopeIds),
        ReservedAt = row.ReservedAt,
        OccurredAt = row.OccurredAt,
        EventNumber = row.EventNumber,
        CostNanos = row.CostNanos,
        HeldNanos = row.ReservedNanos,
        Usage = new Usage
        {
            Input = row.InputUnits, CachedInput = row.CachedInputUnits, CacheWrite = row.CacheWriteUnits, Output = row.OutputUnits,
            ReasoningWithinOutput = row.ReasoningUnits, Others = UnitsJson.ReadCounts(row.OtherUnits),
        },
        IsEstimated = row.IsEstimated,
    });

    private void Add(StoredRelease row, RollupBook book) => book.AddRelease(
        SeriesOf(row.AccountId, row.Provider, row.Model, row.Environment), SubjectsOf(row.KeyId, row.ScopeIds), row.ReservedAt);

    private void Add(StoredRefusal row, RollupBook book) => book.AddRefusal(
        SeriesOf(Guid.Empty, row.Provider, row.Model, row.Environment),
        // Refusals of before scopes were kept with them belong to the organization and the key.
        SubjectsOf(row.KeyId, row.ScopeIds is { Length: > 0 } scopes ? scopes : organizationId.ToByteArray(bigEndian: true)), row.RefusedAt, row.Code);

    private void Add(StoredAdjustment row, RollupBook book) => book.AddAccountAdjustment(
        SeriesOf(row.AccountId, row.Provider, "", null), organizationId, row.DecidedAt, row.AmountNanos);

    private RollupSeries SeriesOf(Guid accountId, string? provider, string? model, string? environment)
    {
        var key = (accountId, provider ?? "", model ?? "", environment ?? "");
        if (!_series.TryGetValue(key, out var series))
            _series[key] = series = new RollupSeries(key.accountId, key.Item2, key.Item3, key.Item4);
        return series;
    }

    private Guid[] SubjectsOf(Guid keyId, byte[] scopeIds)
    {
        var hash = Core.Ledger.Seal.Of(scopeIds).High;
        if (_subjects.TryGetValue((keyId, hash), out var subjects)) return subjects;
        return _subjects[(keyId, hash)] = [.. PackedIds.Unpack(scopeIds), keyId];
    }

    private sealed class StoredAnnouncement
    {
        public long Sequence { get; set; }
        public string Topic { get; set; } = "";
        public Guid SubjectId { get; set; }
        public int EventNumber { get; set; }
    }

    private sealed class StoredEvent
    {
        public Guid ReservationId { get; set; }
        public int EventNumber { get; set; }
        public Guid KeyId { get; set; }
        public byte[] ScopeIds { get; set; } = [];
        public string Provider { get; set; } = "";
        public Guid AccountId { get; set; }
        public string Model { get; set; } = "";
        public string? Environment { get; set; }
        public long ReservedAt { get; set; }
        public long OccurredAt { get; set; }
        public long CostNanos { get; set; }
        public long ReservedNanos { get; set; }
        public long InputUnits { get; set; }
        public long CachedInputUnits { get; set; }
        public long CacheWriteUnits { get; set; }
        public long OutputUnits { get; set; }
        public long ReasoningUnits { get; set; }
        public string? OtherUnits { get; set; }
        public bool IsEstimated { get; set; }
    }

    private sealed class StoredRelease
    {
        public Guid ReservationId { get; set; }
        public Guid KeyId { get; set; }
        public byte[] ScopeIds { get; set; } = [];
        public string Provider { get; set; } = "";
        public Guid AccountId { get; set; }
        public string Model { get; set; } = "";
        public string? Environment { get; set; }
        public long ReservedAt { get; set; }
    }

    private sealed class StoredRefusal
    {
        public Guid RequestId { get; set; }
        public Guid KeyId { get; set; }
        public byte[]? ScopeIds { get; set; }
        public string? Provider { get; set; }
        public string? Model { get; set; }
        public string? Environment { get; set; }
        public long RefusedAt { get; set; }
        public string Code { get; set; } = "";
    }

    private sealed class StoredAdjustment
    {
        public Guid AdjustmentId { get; set; }
        public Guid AccountId { get; set; }
        public string? Provider { get; set; }
        public long AmountNanos { get; set; }
        public long DecidedAt { get; set; }
    }
}
