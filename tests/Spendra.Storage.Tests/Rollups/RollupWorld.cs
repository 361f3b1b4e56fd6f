using System.Data.Common;
using Dapper;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Rollups;
using Spendra.Storage.Ledger;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;
using Spendra.Storage.Tests.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Rollups;

/// <summary>Traffic of every kind, and the rows that must come of it.</summary>
internal static class RollupWorld
{
    private static readonly string[] Tables = ["rollup_series", "usage_rollups", "unit_rollups", "refusal_rollups", "latency_rollups"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>One of each ending, spread over some hours: the clock of the reservations is theirs alone.</summary>
    public static async Task SpendAsync(Tenant tenant, LedgerLane lane, WindowClaim cap, int requests, int hoursAgo = 0)
    {
        await Task.WhenAll(Enumerable.Range(0, requests).Select(async i =>
        {
            var held = HeldAt(tenant, cap, i, hoursAgo);
            (await lane.ReserveAsync(held)).Should().BeOfType<LedgerOutcome.Admitted>();
            switch (i % 6)
            {
                case 0:
                    await lane.EndAsync(Release(held));
                    await lane.RecordAsync(RefusalOf(held, i));
                    break;
                case 1:
                    await lane.EndAsync(Expire(held));
                    await lane.EndAsync(Settle(held, 3));
                    break;
                case 2:
                    await lane.EndAsync(Settle(held, 40));
                    await lane.EndAsync(Adjust(held, -7));
                    break;
                case 3:
                    var settle = Settle(held, 40);
                    var units = settle.Settlement.Usage with { Others = default(UnitMap<long>).With(UnitClass.AudioInput, 12) };
                    await lane.EndAsync(settle with { Settlement = settle.Settlement with { Usage = units } });
                    break;
                default:
                    await lane.EndAsync(Settle(held, 11));
                    break;
            }
        }));
    }

    private static ReserveCommand HeldAt(Tenant tenant, WindowClaim cap, int number, int hoursAgo)
    {
        var held = tenant.Reserve(100, cap);
        // Some minutes apart, so that hours and now and then a day begin between them.
        var at = held.Reservation.ReservedAt - (number * 11L + hoursAgo * 60L) * 60_000_000;
        return new ReserveCommand(held.Reservation with
        {
            ReservedAt = at,
            ReservationId = Guid.CreateVersion7(Micros.ToInstant(at)),
            Model = number % 5 == 0 ? "gpt-6-mini" : "gpt-6-sol",
            Environment = number % 7 == 0 ? "production" : null,
        }, held.Claims);
    }

    private static RefusalRecord RefusalOf(ReserveCommand held, int number) => new()
    {
        OrganizationId = held.OrganizationId,
        RequestId = held.ReservationId,
        KeyId = held.Reservation.KeyId,
        RefusedAt = held.Reservation.ReservedAt,
        Route = "chat.completions",
        Provider = "openai",
        Model = held.Reservation.Model,
        ScopeIds = number % 12 == 0 ? [] : held.Reservation.ScopeIds,
        Refusal = new Refusal(number % 2 == 0 ? RefusalCode.ProviderUnavailable : RefusalCode.ModelNotAllowed, "no"),
    };

    public static OutboxPositions Positions(LedgerWorld world, TimeProvider? time = null) =>
        new(world.Database, RollupIntake.Consumer, Guid.CreateVersion7(), time ?? TimeProvider.System);

    /// <summary>Takes in everything that waits.</summary>
    public static async Task TakeAllAsync(LedgerWorld world, OutboxPositions positions, TimeProvider? time = null)
    {
        var intake = new RollupIntake(world.Database, positions, time ?? TimeProvider.System);
        foreach (var behind in await positions.ListBehindAsync(Cancel))
        {
            var position = await positions.HoldAsync(behind.OrganizationId, Cancel);
            while (position is { IsBehind: true }) position = await intake.TakeAsync(position, Cancel);
        }
    }

    /// <summary>Every row of the rollups, in words and in order.</summary>
    public static async Task<List<string>> DumpAsync(LedgerWorld world)
    {
        await using var connection = await world.Database.ConnectAsync(Cancel);
        var lines = new List<string>();
        foreach (var table in Tables)
        {
            foreach (IDictionary<string, object?> row in await connection.QueryAsync($"SELECT * FROM {table}"))
                lines.Add($"{table} {string.Join(' ', row.Select(c => $"{c.Key}={LedgerWorld.Plain(c.Value)}"))}");
        }
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>Requests, cost and refusals of each subject and hour, told by the plainest sums over the ledger's rows.</summary>
    public static async Task ShouldAddUpAsync(LedgerWorld world, Tenant tenant)
    {
        await using var connection = await world.Database.ConnectAsync(Cancel);
        var events = (await connection.QueryAsync<PlainEvent>(
            "SELECT event_number, key_id, scope_ids, model, reserved_at, cost_nanos FROM spend_events WHERE organization_id = @OrganizationId", tenant)).ToList();
        foreach (var span in Enum.GetValues<RollupSpan>())
        {
            var expected = events
                .SelectMany(e => PackedIds.Unpack(e.ScopeIds).Append(e.KeyId), (e, subject) => (Event: e, Subject: subject))
                .GroupBy(x => (RollupSpans.StartOf(span, x.Event.ReservedAt), x.Subject, x.Event.Model))
                .Select(g => (g.Key, Requests: g.LongCount(x => x.Event.EventNumber == 0), Cost: g.Sum(x => x.Event.CostNanos)));
            var found = (await connection.QueryAsync<PlainSum>("""
                SELECT u.starts_at, u.subject_id, s.model, CAST(sum(u.requests) AS bigint) AS requests, CAST(sum(u.cost_nanos) AS bigint) AS cost
                FROM usage_rollups u JOIN rollup_series s ON s.organization_id = u.organization_id AND s.series_id = u.series_id
                WHERE u.organization_id = @OrganizationId AND u.span = @span GROUP BY u.starts_at, u.subject_id, s.model
                """, new { tenant.OrganizationId, span = (int)span })).ToList();
            found.Where(f => f.Requests > 0 || f.Cost != 0).Select(f => ((f.StartsAt, f.SubjectId, f.Model), f.Requests, f.Cost))
                .Should().BeEquivalentTo(expected);
        }
        await ShouldEqualTheLedgerAsync(connection, tenant);
    }

    /// <summary>The organization's own sums are the expense of the journal, and its refusals are all of them.</summary>
    private static async Task ShouldEqualTheLedgerAsync(DbConnection connection, Tenant tenant)
    {
        const string Journal = "SELECT coalesce(sum(amount_nanos), 0) FROM postings WHERE organization_id = @OrganizationId AND ledger_account = 1";
        const string Days = """
            SELECT coalesce(sum(cost_nanos), 0) FROM usage_rollups
            WHERE organization_id = @OrganizationId AND span = 1 AND subject_id = @OrganizationId
            """;
        const string Refused = """
            SELECT coalesce(sum(refusals), 0) FROM refusal_rollups
            WHERE organization_id = @OrganizationId AND span = 0 AND subject_id = @OrganizationId
            """;
        var journal = await connection.ExecuteScalarAsync<long>(Journal, tenant);
        journal.Should().NotBe(0);
        (await connection.ExecuteScalarAsync<long>(Days, tenant)).Should().Be(journal);
        (await connection.ExecuteScalarAsync<long>(Refused, tenant)).Should().Be(
            await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM refusals WHERE organization_id = @OrganizationId", tenant));
    }

    private sealed class PlainEvent
    {
        public int EventNumber { get; set; }
        public Guid KeyId { get; set; }
        public byte[] ScopeIds { get; set; } = [];
        public string Model { get; set; } = "";
        public long ReservedAt { get; set; }
        public long CostNanos { get; set; }
    }

    private sealed class PlainSum
    {
        public long StartsAt { get; set; }
        public Guid SubjectId { get; set; }
        public string Model { get; set; } = "";
        public long Requests { get; set; }
        public long Cost { get; set; }
    }
}
