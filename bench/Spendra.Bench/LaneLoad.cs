using System.Collections.Immutable;
using Dapper;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Ledger;
using Spendra.Storage.Schema;

namespace Spendra.Bench;

/// <summary>An organization, and requests of so many keys of its: each holds money in a window of all and in two of its key's own.</summary>
internal sealed class LaneLoad(LedgerLane lane, int keys)
{
    public static Guid OrganizationId { get; } = Guid.CreateVersion7();

    public static Settlement Used { get; } = new()
    {
        Cost = new NanoUsd(700),
        Usage = new Usage { Input = 900, Output = 100 },
        ServedModel = "gpt-6-sol-2026-08-07",
        UpstreamRequestId = "req_0123456789abcdef",
        UpstreamStatus = 200,
    };

    private readonly ImmutableArray<ReserveCommand> _templates = Templates(keys);

    /// <summary>An empty database with the organization in it.</summary>
    public static async Task<Database> OpenAsync(DatabaseTarget target)
    {
        await Migrator.MigrateAsync(target, CancellationToken.None);
        var database = Database.Open(target);
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            """
            INSERT INTO organizations (organization_id, slug, name, currency, time_zone, governance_epoch, entry_sequence,
                outbox_sequence, audit_sequence, audit_hash, created_at)
            VALUES (@OrganizationId, 'bench', 'Bench', 'USD', 'UTC', 1, 0, 0, 0, @zeros, 0)
            """, new { OrganizationId, zeros = new byte[32] });
        return database;
    }

    /// <summary>One request at this moment: held, then settled.</summary>
    public async Task RequestAsync(long number)
    {
        var template = _templates[(int)(number % _templates.Length)];
        var now = Micros.Now(TimeProvider.System);
        var command = template with
        {
            Reservation = template.Reservation with { ReservationId = Guid.CreateVersion7(), ReservedAt = now, ExpiresAt = now + 900_000_000 },
        };
        command = command with { ReservationId = command.Reservation.ReservationId };
        if (await lane.ReserveAsync(command) is not LedgerOutcome.Admitted) throw new InvalidOperationException("not admitted");
        await lane.EndAsync(new SettleCommand(OrganizationId, command.ReservationId, command.WindowIds, Used));
    }

    public static WindowClaim Claim()
    {
        var budget = new Budget
        {
            BudgetId = Guid.CreateVersion7(),
            Slug = "bench",
            ScopeId = OrganizationId,
            Amount = new NanoUsd(long.MaxValue / 2),
            Period = Period.Of(PeriodKind.Total),
            Zone = TimeZoneInfo.Utc,
        };
        return new WindowClaim(budget.WindowAt(0)!, Guid.CreateVersion7(), "cap", Enforcement.Hard);
    }

    public static ReserveCommand Template(WindowClaim[] claims) => new(new Reservation
    {
        OrganizationId = OrganizationId,
        ReservationId = OrganizationId,
        KeyId = Guid.CreateVersion7(),
        ScopeIds = [OrganizationId, Guid.CreateVersion7(), Guid.CreateVersion7()],
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

    private static ImmutableArray<ReserveCommand> Templates(int keys)
    {
        var shared = Claim();
        return [.. Enumerable.Range(0, keys).Select(_ => Template([shared, Claim(), Claim()]))];
    }
}
