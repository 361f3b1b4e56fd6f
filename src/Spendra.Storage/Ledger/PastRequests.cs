using System.Buffers.Binary;
using System.Collections.Immutable;
using Dapper;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Storage.Ledger;

/// <summary>Past requests in the order in which they were made.</summary>
/// <param name="Requests">Oldest first.</param>
/// <param name="IsCut">True when there were more: the oldest ones are left out.</param>
public sealed record PastRequestList(IReadOnlyList<PastRequest> Requests, bool IsCut);

/// <summary>Reads what was booked, newest first and bounded, for showing it to changed rules.</summary>
public static class PastRequests
{
    /// <summary>Spend events that one replay looks at, at most.</summary>
    public const int MostEvents = 200_000;

    // Ids of reservations are in the order of time: the primary key is all that this needs.
    private const string Newest = """
        SELECT reservation_id, event_number, key_id, scope_ids, provider, model, environment, reserved_nanos, bound_output,
            cost_nanos, reserved_at
        FROM spend_events
        WHERE organization_id = @organizationId AND reservation_id >= @from
        ORDER BY reservation_id DESC, event_number DESC LIMIT @limit
        """;

    /// <param name="database">A migrated database.</param>
    /// <param name="organizationId">The organization.</param>
    /// <param name="fromMicros">Only requests that were made from then on.</param>
    /// <param name="cancel">Stops reading.</param>
    /// <param name="mostEvents">Events at most; the bound when it is not for a test.</param>
    public static async Task<PastRequestList> ReadAsync(
        Database database, Guid organizationId, long fromMicros, CancellationToken cancel, int mostEvents = MostEvents)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = connection.QueryUnbufferedAsync<StoredPast>(Newest,
            new { organizationId, from = FirstIdAt(fromMicros), limit = mostEvents + 1 }, transaction);
        var requests = new List<PastRequest>();
        var scopes = new Dictionary<string, ImmutableArray<Guid>>(StringComparer.Ordinal);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var (seen, corrections) = (0, 0L);
        await foreach (var row in rows.WithCancellation(cancel))
        {
            if (++seen > mostEvents) break;
            // A reservation's corrections come before its first event, which has the rest of its story.
            corrections = checked(corrections + row.CostNanos);
            if (row.EventNumber > 0) continue;
            var packed = Convert.ToHexString(row.ScopeIds);
            if (!scopes.TryGetValue(packed, out var ids)) scopes[packed] = ids = PackedIds.Unpack(row.ScopeIds);
            requests.Add(row.ToRequest(ids, new NanoUsd(corrections), Shared));
            corrections = 0;
        }
        // Ids of one millisecond are in no order among themselves.
        requests.Sort(static (a, b) => (a.ReservedAt, a.RequestId).CompareTo((b.ReservedAt, b.RequestId)));
        return new PastRequestList(requests, seen > mostEvents);

        // A few texts stand in very many rows.
        string Shared(string text) => texts.TryGetValue(text, out var known) ? known : texts[text] = text;
    }

    /// <summary>The least id that was made from an instant on: ids of version 7 begin with milliseconds.</summary>
    internal static Guid FirstIdAt(long micros)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Math.Max(0, micros / 1_000) << 16);
        return new Guid(bytes, bigEndian: true);
    }

    private sealed class StoredPast
    {
        public Guid ReservationId { get; set; }
        public int EventNumber { get; set; }
        public Guid KeyId { get; set; }
        public byte[] ScopeIds { get; set; } = [];
        public string Provider { get; set; } = "";
        public string Model { get; set; } = "";
        public string? Environment { get; set; }
        public long ReservedNanos { get; set; }
        public long BoundOutput { get; set; }
        public long CostNanos { get; set; }
        public long ReservedAt { get; set; }

        public PastRequest ToRequest(ImmutableArray<Guid> scopeIds, NanoUsd cost, Func<string, string> shared) => new()
        {
            RequestId = ReservationId,
            KeyId = KeyId,
            ScopeIds = scopeIds,
            Provider = shared(Provider),
            Model = shared(Model),
            Environment = Environment is null ? null : shared(Environment),
            Bound = new NanoUsd(ReservedNanos),
            BoundOutput = BoundOutput,
            Cost = cost,
            ReservedAt = ReservedAt,
        };
    }
}
