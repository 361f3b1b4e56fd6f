using Dapper;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>What the tables of a site's database say of each key's requests, in the order in which they came.</summary>
internal sealed record KeyBooks(IReadOnlyList<KeyBooks.Event> Events, IReadOnlyList<KeyBooks.Refused> Refusals)
{
    public static async Task<KeyBooks> ReadAsync(Site site)
    {
        await using var database = Database.Open(site.Target);
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        return new KeyBooks(
            (await connection.QueryAsync<Event>(
                """
                SELECT k.slug, e.reservation_id, e.reserved_nanos, e.cost_nanos, e.input_units, e.output_units, e.is_estimated FROM spend_events e
                JOIN scoped_keys k ON k.organization_id = e.organization_id AND k.key_id = e.key_id
                ORDER BY e.reservation_id, e.event_number
                """)).AsList(),
            (await connection.QueryAsync<Refused>(
                """
                SELECT k.slug, r.request_id, r.code, r.message FROM refusals r
                JOIN scoped_keys k ON k.organization_id = r.organization_id AND k.key_id = r.key_id ORDER BY r.request_id
                """)).AsList());
    }

    public KeyBooks Of(string key) => new([.. Events.Where(e => e.Slug == key)], [.. Refusals.Where(r => r.Slug == key)]);

    public sealed record Event
    {
        public string Slug { get; init; } = "";
        public Guid ReservationId { get; init; }
        public long ReservedNanos { get; init; }
        public long CostNanos { get; init; }
        public long InputUnits { get; init; }
        public long OutputUnits { get; init; }
        public bool IsEstimated { get; init; }
    }

    public sealed record Refused
    {
        public string Slug { get; init; } = "";
        public Guid RequestId { get; init; }
        public string Code { get; init; } = "";
        public string Message { get; init; } = "";
    }
}
