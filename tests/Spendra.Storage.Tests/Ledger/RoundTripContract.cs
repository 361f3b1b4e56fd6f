using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>Every column of every ledger table says what the command said, and reads back as what was written.</summary>
public abstract class RoundTripContract(DatabaseEngine engine)
{
    [Fact]
    public Task Open_reservation_keeps_every_column() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var held = FullReserve(tenant, await tenant.BudgetAsync(10_000), await tenant.BudgetAsync(9_000));
        (await world.OpenLane().ReserveAsync(held)).Should().BeOfType<LedgerOutcome.Admitted>();

        (await SealedRowAsync(world, "SELECT * FROM open_reservations")).Should().BeEquivalentTo(LedgerColumns.Open(held.Reservation));
        (await world.RowAsync("SELECT * FROM idempotency_keys")).Should().BeEquivalentTo(
            LedgerColumns.Idempotency(held, await world.ScalarAsync<long>("SELECT created_at FROM idempotency_keys")));
        var state = await LoadAsync(world, Release(held));
        state.Open.Should().ContainSingle().Which.Value.Should().BeEquivalentTo(held.Reservation);
        state.Organizations[tenant.OrganizationId].Should().Be(new OrganizationRow(tenant.OrganizationId, 1, 0, 0));
    });

    [Fact]
    public Task Reservation_without_options_keeps_its_absences() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var held = tenant.Reserve(5, await tenant.BudgetAsync(10));
        await world.OpenLane().ReserveAsync(held);

        (await SealedRowAsync(world, "SELECT * FROM open_reservations")).Should().BeEquivalentTo(LedgerColumns.Open(held.Reservation));
        (await LoadAsync(world, Release(held))).Open.Values.Should().ContainSingle().Which.Should().BeEquivalentTo(held.Reservation);
    });

    [Theory]
    [InlineData(PeriodKind.Month)]
    [InlineData(PeriodKind.Total)]
    public Task Window_keeps_its_span_limit_and_totals(PeriodKind period) => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var claim = await tenant.BudgetAsync(long.MaxValue, period: period);
        var lane = world.OpenLane();
        var (open, spent) = (tenant.Reserve(long.MaxValue - 5, claim), tenant.Reserve(5, claim));
        var admitted = (await lane.ReserveAsync(open)).Should().BeOfType<LedgerOutcome.Admitted>().Subject;
        await lane.ReserveAsync(spent);
        await lane.EndAsync(Settle(spent, 3));

        var expected = admitted.Windows[0] with { Settled = new NanoUsd(3) };
        (await world.RowAsync("SELECT * FROM windows")).Should().BeEquivalentTo(LedgerColumns.Window(expected));
        (await LoadAsync(world, Release(open))).Windows.Values.Should().Equal(expected);
    });

    [Fact]
    public Task Settlement_keeps_every_column() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var held = FullReserve(tenant, await tenant.BudgetAsync(100_000), await tenant.BudgetAsync(100_000));
        var settlement = new Settlement
        {
            Cost = new NanoUsd(8_000),
            Usage = new Usage { Input = 1, CachedInput = 2, CacheWrite = 3, Output = 5, ReasoningWithinOutput = 4, Others = Pieces(audio: 6, images: 2) },
            IsBilled = true,
            ServedModel = "gpt-6-sol-2026-08-07",
            ServedPriceId = new Guid("00112233-4455-8677-8899-aabbccddeeff"),
            ServedTier = "",
            TierPercent = 53,
            TierHundredths = 5_250,
            UpstreamRequestId = "req_é" + new string('x', 300),
            UpstreamStatus = 201,
        };
        var lane = world.OpenLane();
        await lane.ReserveAsync(held);
        (await lane.EndAsync(new SettleCommand(tenant.OrganizationId, held.ReservationId, held.WindowIds, settlement)))
            .Should().Be(new LedgerOutcome.Ended(SpendKind.Settled, settlement.Cost));

        var at = await world.ScalarAsync<long>("SELECT occurred_at FROM spend_events");
        var spent = new SpendEvent(held.Reservation, 0, SpendKind.Settled, settlement, 1, at);
        (await world.RowAsync("SELECT * FROM spend_events")).Should().BeEquivalentTo(LedgerColumns.Spend(spent));
        await ShouldBeBookedAsync(world, spent, EntryKind.Settlement);
        (await world.RowAsync("SELECT * FROM window_excesses WHERE window_id = @id", new { id = held.WindowIds[1] })).Should()
            .BeEquivalentTo(LedgerColumns.Excess(new WindowExcess(
                tenant.OrganizationId, held.WindowIds[1], ExcessKind.Overrun, held.ReservationId, 0, new NanoUsd(1_000), at)));
        (await world.CountAsync("open_reservations")).Should().Be(0);
        (await LoadAsync(world, Release(held))).Spent.Values.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new SpentReservation(AsSpent(held.Reservation, tierPercent: 53), SpendKind.Settled, settlement.Cost, 0, 1));
    });

    [Fact]
    public Task Expiry_late_settlement_and_adjustment_add_up() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var held = tenant.Reserve(7_000, await tenant.BudgetAsync(100_000));
        var lane = world.OpenLane();
        await lane.ReserveAsync(held);
        (await lane.EndAsync(Expire(held))).Should().Be(new LedgerOutcome.Ended(SpendKind.Expired, new NanoUsd(7_000)));
        (await lane.EndAsync(Settle(held, 9_000))).Should().Be(new LedgerOutcome.Ended(SpendKind.Late, new NanoUsd(9_000)));
        (await lane.EndAsync(Adjust(held, -500))).Should().Be(new LedgerOutcome.Ended(SpendKind.Adjusted, new NanoUsd(8_500)));
        (await lane.EndAsync(Settle(held, 1))).Should().Be(LedgerOutcome.AlreadyEnded.Instance);

        await ShouldBeAsync(world, Event(0, SpendKind.Expired, 7_000, 100, 0, 0, 50, 0, isEstimated: true), EntryKind.Expiry);
        await ShouldBeAsync(world, Event(1, SpendKind.Late, 2_000, -70, 20, 5, -40, 4, status: 200), EntryKind.Late);
        await ShouldBeAsync(world, Event(2, SpendKind.Adjusted, -500, 0, 0, 0, 0, 0) with { Reason = "the invoice says so" }, EntryKind.Adjustment);
        (await world.TotalsAsync(held.WindowIds[0])).Should().Be((0, 8_500));
        (await LoadAsync(world, Release(held))).Spent.Values.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new SpentReservation(held.Reservation, SpendKind.Expired, new NanoUsd(8_500), 2, 1) { HasLate = true });

        SpendEvent Event(int number, SpendKind kind, long cost, long input, long cached, long write, long output, long reasoning,
            bool isEstimated = false, int status = 0) =>
            new(held.Reservation, number, kind, new Settlement
            {
                Cost = new NanoUsd(cost),
                Usage = new Usage { Input = input, CachedInput = cached, CacheWrite = write, Output = output, ReasoningWithinOutput = reasoning },
                IsEstimated = isEstimated,
                UpstreamStatus = status,
            }, number + 1, 0);
    });

    [Fact]
    public Task Release_keeps_every_column() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var held = FullReserve(tenant, await tenant.BudgetAsync(10_000));
        var lane = world.OpenLane();
        await lane.ReserveAsync(held);
        (await lane.EndAsync(Release(held, "the provider said 503"))).Should().Be(new LedgerOutcome.Ended(null, NanoUsd.Zero));

        var at = await world.ScalarAsync<long>("SELECT released_at FROM released_reservations");
        (await world.RowAsync("SELECT * FROM released_reservations")).Should().BeEquivalentTo(
            LedgerColumns.Released(held.Reservation, at, "the provider said 503"));
        (await world.CountAsync("idempotency_keys")).Should().Be(0);
        (await world.CountAsync("journal_entries")).Should().Be(0);
        (await world.TotalsAsync(held.WindowIds[0])).Should().Be((0, 0));
        (await LoadAsync(world, Expire(held))).Released.Should().Equal(new RowKey(tenant.OrganizationId, held.ReservationId));
        (await lane.EndAsync(Settle(held, 1))).Should().Be(LedgerOutcome.AlreadyEnded.Instance);
    });

    [Fact]
    public Task Ending_what_never_was_is_unknown() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var never = tenant.Reserve(1, await tenant.BudgetAsync(10));
        var lane = world.OpenLane();
        foreach (LedgerCommand command in (LedgerCommand[])[Settle(never, 1), Release(never), Expire(never), Adjust(never, 1)])
            (await lane.EndAsync(command)).Should().Be(LedgerOutcome.Unknown.Instance);
    });

    private static async Task ShouldBeAsync(LedgerWorld world, SpendEvent expected, EntryKind kind)
    {
        var row = await world.RowAsync("SELECT * FROM spend_events WHERE event_number = @n", new { n = expected.EventNumber });
        expected = expected with { OccurredAt = (long)row["occurred_at"]! };
        expected.OccurredAt.Should().BeCloseTo(Micros.Now(TimeProvider.System), 60_000_000);
        row.Should().BeEquivalentTo(LedgerColumns.Spend(expected));
        await ShouldBeBookedAsync(world, expected, kind);
    }

    private static async Task ShouldBeBookedAsync(LedgerWorld world, SpendEvent spent, EntryKind kind)
    {
        var n = spent.EntrySequence;
        var (reservation, at) = (spent.Reservation, spent.OccurredAt);
        (await world.RowAsync("SELECT * FROM journal_entries WHERE entry_sequence = @n", new { n })).Should().BeEquivalentTo(
            LedgerColumns.Entry(reservation, n, kind, spent.EventNumber, corrects: n == 1 ? null : 1, at));
        foreach (var line in (int[])[1, 2])
        {
            (await world.RowAsync("SELECT * FROM postings WHERE entry_sequence = @n AND line = @line", new { n, line })).Should()
                .BeEquivalentTo(LedgerColumns.Posting(reservation, n, line, line == 1 ? spent.Settlement.Cost : -spent.Settlement.Cost));
        }
        (await SealedRowAsync(world, "SELECT * FROM outbox WHERE sequence = @n", new { n })).Should().BeEquivalentTo(
            LedgerColumns.Outbox(new OutboxRow(reservation.OrganizationId, n, OutboxTopic.Spend, reservation.ReservationId, spent.EventNumber, at)));
    }

    /// <summary>A row without its seal, which every row of the lane has.</summary>
    private static async Task<Dictionary<string, object?>> SealedRowAsync(LedgerWorld world, string sql, object? parameters = null)
    {
        var row = await world.RowAsync(sql, parameters);
        row.Remove("seal", out var seal).Should().BeTrue();
        seal.Should().NotBeNull();
        return row;
    }

    private static async Task<LedgerState> LoadAsync(LedgerWorld world, LedgerCommand command)
    {
        await using var loading = world.Database.CreateLedgerEngine();
        var state = await loading.BeginAsync([command], isRepeated: false);
        await loading.AbandonAsync(reconnect: false);
        return state;
    }

    /// <summary>A reservation with every option set, each number another.</summary>
    private static ReserveCommand FullReserve(Tenant tenant, params WindowClaim[] claims)
    {
        var command = tenant.Once(7_000, key: 3, body: 4, claims);
        return command with
        {
            Reservation = command.Reservation with
            {
                ScopeIds = [tenant.OrganizationId, tenant.EmployeeId, Guid.CreateVersion7()],
                PolicyIds = [.. claims.Select(c => c.PolicyId), Guid.CreateVersion7()],
                Environment = "prod",
                PriceId = null,
                TierPercent = 50,
                BoundInput = 11,
                BoundOutput = 22,
                BoundKinds = TokenKinds.LongCache | TokenKinds.AudioInput,
                BoundPieces = Pieces(audio: 7, images: 3),
                BoundBasis = BoundBasis.Tokenizer,
                ReservedAt = 1_700_000_000_123_456,
                ExpiresAt = 1_700_000_900_654_321,
                GatewayId = Guid.CreateVersion7(),
            },
        };
    }

    private static UnitMap<long> Pieces(long audio, long images) =>
        default(UnitMap<long>).With(UnitClass.AudioInput, audio).With(UnitClass.Images, images);

    /// <summary>What history keeps of a reservation: who held it open and under which caller's key is gone.</summary>
    private static Reservation AsSpent(Reservation held, int tierPercent) =>
        held with { GatewayId = null, IdempotencyDigest = null, TierPercent = tierPercent };
}

public sealed class RoundTripOnSqliteTests() : RoundTripContract(DatabaseEngine.Sqlite);

public sealed class RoundTripOnPostgresTests() : RoundTripContract(DatabaseEngine.Postgres);
