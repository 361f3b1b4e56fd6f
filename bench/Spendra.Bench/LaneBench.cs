using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Ledger;
using Spendra.Storage.Schema;

namespace Spendra.Bench;

/// <summary>What was measured: pairs of a reservation and its settlement, and how long callers waited for the former.</summary>
internal sealed record LaneFigure(double PairsPerSecond, double MedianMicros, double SlowMicros, double BytesPerPair);

/// <summary>Callers that reserve in three windows, one of them shared by all, and settle without waiting.</summary>
internal static class LaneBench
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static async Task<LaneFigure> RunAsync(DatabaseTarget target, int callers, TimeSpan duration)
    {
        await Migrator.MigrateAsync(target, CancellationToken.None);
        await using var database = Database.Open(target);
        var organizationId = Guid.CreateVersion7();
        await using (var connection = await database.ConnectAsync(CancellationToken.None))
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO organizations (organization_id, slug, name, currency, time_zone, governance_epoch, entry_sequence,
                    outbox_sequence, audit_sequence, audit_hash, created_at)
                VALUES (@organizationId, 'bench', 'Bench', 'USD', 'UTC', 1, 0, 0, 0, @zeros, 0)
                """, new { organizationId, zeros = new byte[32] });
        }
        await using var lane = new LedgerLane(database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);
        var shared = Claim(organizationId);
        await LoadAsync(lane, organizationId, shared, callers, WarmUp, []);
        var waits = new List<long>[callers];
        var allocated = GC.GetTotalAllocatedBytes();
        var began = Stopwatch.GetTimestamp();
        var pairs = await LoadAsync(lane, organizationId, shared, callers, duration, waits);
        var elapsed = Stopwatch.GetElapsedTime(began);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        var sorted = waits.SelectMany(w => w).Order().ToArray();
        return new LaneFigure(
            pairs / elapsed.TotalSeconds, Micros(sorted[sorted.Length / 2]), Micros(sorted[sorted.Length * 99 / 100]),
            (double)allocated / pairs);
    }

    private static double Micros(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private static async Task<long> LoadAsync(
        LedgerLane lane, Guid organizationId, WindowClaim shared, int callers, TimeSpan duration, List<long>[] waits)
    {
        var until = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            // A key, an actor and two windows of one's own, as the gateway's snapshot holds them.
            WindowClaim[] claims = [shared, Claim(organizationId), Claim(organizationId)];
            var template = Template(organizationId, claims);
            var (waited, pairs, settling) = (new List<long>(), 0L, Task.FromResult<LedgerOutcome>(LedgerOutcome.Unknown.Instance));
            while (Stopwatch.GetTimestamp() < until)
            {
                var command = template with { Reservation = template.Reservation with { ReservationId = Guid.CreateVersion7() } };
                command = command with { ReservationId = command.Reservation.ReservationId };
                var asked = Stopwatch.GetTimestamp();
                if (await lane.ReserveAsync(command) is not LedgerOutcome.Admitted) throw new InvalidOperationException("not admitted");
                waited.Add(Stopwatch.GetTimestamp() - asked);
                settling = lane.EndAsync(new SettleCommand(organizationId, command.ReservationId, command.WindowIds, Used));
                pairs++;
            }
            await settling;
            if (waits.Length > 0) waits[caller] = waited;
            return pairs;
        })));
        return counts.Sum();
    }

    private static readonly Settlement Used = new()
    {
        Cost = new NanoUsd(700),
        Usage = new Usage { Input = 900, Output = 100 },
        ServedModel = "gpt-6-sol-2026-08-07",
        UpstreamRequestId = "req_0123456789abcdef",
        UpstreamStatus = 200,
    };

    private static WindowClaim Claim(Guid organizationId)
    {
        var budget = new Budget
        {
            BudgetId = Guid.CreateVersion7(),
            Slug = "bench",
            ScopeId = organizationId,
            Amount = new NanoUsd(long.MaxValue / 2),
            Period = Period.Of(PeriodKind.Total),
            Zone = TimeZoneInfo.Utc,
        };
        return new WindowClaim(budget.WindowAt(0)!, Guid.CreateVersion7(), "cap", Enforcement.Hard);
    }

    private static ReserveCommand Template(Guid organizationId, WindowClaim[] claims) => new(new Reservation
    {
        OrganizationId = organizationId,
        ReservationId = organizationId,
        KeyId = Guid.CreateVersion7(),
        ScopeIds = [organizationId, Guid.CreateVersion7(), Guid.CreateVersion7()],
        PolicyIds = [.. claims.Select(c => c.PolicyId)],
        WindowIds = [.. claims.Select(c => c.WindowId)],
        Provider = "openai",
        AccountId = Guid.CreateVersion7(),
        Model = "gpt-6-sol",
        Route = "chat.completions",
        PriceId = Guid.CreateVersion7(),
        Amount = new NanoUsd(1_000),
        BoundInput = 1_000,
        BoundOutput = 1_000,
        Epoch = 1,
        ReservedAt = 1_700_000_000_000_000,
        ExpiresAt = 1_700_000_900_000_000,
        GatewayId = Guid.CreateVersion7(),
    }, [.. claims]);
}
