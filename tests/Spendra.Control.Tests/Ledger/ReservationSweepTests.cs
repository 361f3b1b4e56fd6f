using System.Diagnostics.Metrics;
using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Ledger;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Ledger;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Control.Tests.Ledger;

public sealed class ReservationSweepTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 11, 15, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid OrganizationId = Guid.CreateVersion7(Start);
    private static readonly Guid GatewayId = Guid.CreateVersion7(Start);
    private static readonly byte[] Digest = new byte[32];

    private static readonly Budget Budget = new()
    {
        BudgetId = Guid.CreateVersion7(Start),
        Slug = "all",
        ScopeId = OrganizationId,
        Amount = NanoUsd.FromUsd(10),
        Period = Period.Of(PeriodKind.Total),
        Zone = TimeZoneInfo.Utc,
    };

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Start);
    private Database _database = null!;
    private LedgerLane _lane = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var target = DatabaseTarget.Folder(_folder.Path);
        await Migrator.MigrateAsync(target, Cancel);
        _database = Database.Open(target);
        await using (var connection = await _database.ConnectAsync(Cancel))
        {
            await connection.ExecuteAsync("""
                INSERT INTO organizations (organization_id, slug, name, currency, time_zone, governance_epoch, entry_sequence,
                    outbox_sequence, audit_sequence, audit_hash, created_at)
                VALUES (@OrganizationId, 'acme', 'Acme', 'USD', 'UTC', 1, 0, 0, 0, @Digest, 1)
                """, new { OrganizationId, Digest });
        }
        _lane = new LedgerLane(_database, new LaneOptions { Patience = TimeSpan.Zero }, _time, NullLogger<LedgerLane>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _lane.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_reservation_of_a_living_gateway_is_left_alone_until_its_time_is_over()
    {
        await BeatAsync();
        await ReserveAsync();
        _time.Advance(TimeSpan.FromSeconds(60));
        await BeatAsync();
        await NewSweep().ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(1);

        _time.Advance(TimeSpan.FromSeconds(840));
        await BeatAsync();
        await NewSweep().ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(0);
        (await CountAsync("spend_events WHERE kind = 1 AND is_estimated = 1 AND cost_nanos = 1000000")).Should().Be(1);
    }

    [Fact]
    public async Task A_reservation_of_a_silent_gateway_is_booked_after_the_lease()
    {
        await BeatAsync();
        await ReserveAsync();
        using var sweep = NewSweep();
        await sweep.ExpireAsync(Cancel);
        _time.Advance(TimeSpan.FromSeconds(14));
        await sweep.ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(1, "the lease is 15 seconds");
        _time.Advance(TimeSpan.FromSeconds(1));
        await sweep.ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(0);
    }

    [Fact]
    public async Task What_is_booked_in_doubt_is_counted_by_its_cause()
    {
        var counted = new List<(string Cause, long Count)>();
        // Sweeps of other tests are not told of.
        var isOurs = false;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) => { if (isOurs && instrument.Name == SweepMetrics.EndedName) self.EnableMeasurementEvents(instrument); },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => counted.Add(((string)tags[0].Value!, value)));
        listener.Start();
        isOurs = true;
        using var sweep = NewSweep();
        isOurs = false;
        await BeatAsync();
        await ReserveAsync();
        await sweep.ExpireAsync(Cancel);
        Counted().Should().BeEquivalentTo([(SweepMetrics.Silent, 0L), (SweepMetrics.Expired, 0L)], "a first event can be seen");
        _time.Advance(TimeSpan.FromSeconds(15));
        await sweep.ExpireAsync(Cancel);
        await ReserveAsync(gateway: null);
        await ReserveAsync(gateway: null);
        _time.Advance(TimeSpan.FromSeconds(900));
        await sweep.ExpireAsync(Cancel);

        Counted().Should().BeEquivalentTo([(SweepMetrics.Silent, 1L), (SweepMetrics.Expired, 2L)]);

        List<(string Cause, long Count)> Counted()
        {
            counted.Clear();
            listener.RecordObservableInstruments();
            return counted;
        }
    }

    [Fact]
    public async Task A_gateway_whose_clock_is_far_behind_is_not_silent_while_it_beats()
    {
        using var sweep = NewSweep();
        await ReserveAsync();
        for (var beat = 0; beat < 20; beat++)
        {
            await _lane.BeatAsync(GatewayId, 1, Micros.Now(_time) - 3_600_000_000);
            await sweep.ExpireAsync(Cancel);
            _time.Advance(TimeSpan.FromSeconds(3));
        }
        (await CountAsync("open_reservations")).Should().Be(1);
    }

    [Fact]
    public async Task Time_in_which_the_sweep_did_not_look_does_not_count()
    {
        await BeatAsync();
        await ReserveAsync();
        using var sweep = NewSweep();
        await sweep.ExpireAsync(Cancel);
        _time.Advance(TimeSpan.FromSeconds(60));
        await sweep.ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(1, "the database may have been out of reach for both");
        _time.Advance(TimeSpan.FromSeconds(15));
        await sweep.ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(0);
    }

    [Fact]
    public async Task A_reservation_without_a_gateway_waits_for_its_time()
    {
        await ReserveAsync(gateway: null);
        _time.Advance(TimeSpan.FromSeconds(899));
        await NewSweep().ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        await NewSweep().ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(0);
    }

    [Fact]
    public async Task More_than_a_batch_is_ended_in_one_sweep()
    {
        for (var i = 0; i < 300; i++) await ReserveAsync();
        _time.Advance(TimeSpan.FromHours(1));
        await NewSweep().ExpireAsync(Cancel);
        (await CountAsync("open_reservations")).Should().Be(0);
        (await CountAsync("spend_events")).Should().Be(300);
    }

    [Fact]
    public async Task Idempotency_keys_are_forgotten_after_a_day_unless_their_reservation_is_open()
    {
        var ended = await ReserveAsync(key: 1);
        await ReserveAsync(key: 2);
        await _lane.EndAsync(new ExpireCommand(OrganizationId, ended, [Budget.WindowAt(0)!.WindowId]));
        var sweep = NewSweep();
        _time.Advance(TimeSpan.FromHours(24));
        await sweep.ForgetAsync(Cancel);
        (await CountAsync("idempotency_keys")).Should().Be(2, "a day is not over before it is over");
        _time.Advance(TimeSpan.FromMinutes(1));
        await sweep.ForgetAsync(Cancel);
        (await CountAsync("idempotency_keys")).Should().Be(2, "they are looked for every ten minutes only");
        _time.Advance(TimeSpan.FromMinutes(10));
        await sweep.ForgetAsync(Cancel);
        (await CountAsync("idempotency_keys")).Should().Be(1);
    }

    [Fact]
    public async Task A_sweep_that_fails_is_tried_again()
    {
        await ReserveAsync();
        await using (var connection = await _database.ConnectAsync(Cancel))
            await connection.ExecuteAsync("ALTER TABLE gateways RENAME TO elsewhere");
        using var log = new FailureLog();
        using var sweep = NewSweep(log);
        await sweep.StartAsync(Cancel);
        await log.FailedAsync();
        _time.Advance(TimeSpan.FromHours(1));
        await log.FailedAsync();
        sweep.ExecuteTask!.IsCompleted.Should().BeFalse("a failing sweep does not end");
        await using (var connection = await _database.ConnectAsync(Cancel))
            await connection.ExecuteAsync("ALTER TABLE elsewhere RENAME TO gateways");
        for (var attempt = 0; attempt < 100 && await CountAsync("open_reservations") > 0; attempt++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(50, Cancel);
        }
        (await CountAsync("open_reservations")).Should().Be(0);
        await sweep.StopAsync(Cancel);
    }

    private ReservationSweep NewSweep(ILogger<ReservationSweep>? logger = null) =>
        new(new SweepQueries(_database), _lane, new SweepOptions(), _time, logger ?? NullLogger<ReservationSweep>.Instance);

    private Task BeatAsync() => _lane.BeatAsync(GatewayId, Micros.Of(Start), Micros.Now(_time));

    private Task<Guid> ReserveAsync(byte? key = null) => ReserveAsync(GatewayId, key);

    private async Task<Guid> ReserveAsync(Guid? gateway, byte? key = null)
    {
        var now = Micros.Now(_time);
        var window = Budget.WindowAt(now)!;
        var digest = key is { } number ? Enumerable.Repeat(number, 32).ToArray() : null;
        var reservation = new Reservation
        {
            OrganizationId = OrganizationId,
            ReservationId = Guid.CreateVersion7(_time.GetUtcNow()),
            KeyId = OrganizationId,
            ScopeIds = [OrganizationId],
            PolicyIds = [],
            WindowIds = [window.WindowId],
            Provider = "openai",
            AccountId = OrganizationId,
            Model = "m",
            Route = "chat.completions",
            Amount = new NanoUsd(1_000_000),
            Epoch = 1,
            ReservedAt = now,
            ExpiresAt = now + 900_000_000,
            GatewayId = gateway,
            IdempotencyDigest = digest,
        };
        var claim = new WindowClaim(window, OrganizationId, "cap", Enforcement.Hard);
        var outcome = await _lane.ReserveAsync(new ReserveCommand(reservation, [claim])
        {
            Idempotency = digest is null ? null : new IdempotencyClaim(digest, digest),
        });
        outcome.Should().BeOfType<LedgerOutcome.Admitted>();
        return reservation.ReservationId;
    }

    private async Task<long> CountAsync(string what)
    {
        await using var connection = await _database.ConnectAsync(Cancel);
        return await connection.ExecuteScalarAsync<long>($"SELECT count(*) FROM {what}");
    }

    /// <summary>Says when a sweep has failed.</summary>
    private sealed class FailureLog : ILogger<ReservationSweep>, IDisposable
    {
        private readonly SemaphoreSlim _failures = new(0);

        public async Task FailedAsync() =>
            (await _failures.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Should().BeTrue("a sweep was due and cannot have worked");

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error && exception is not null) _failures.Release();
        }

        public void Dispose() => _failures.Dispose();
    }
}
