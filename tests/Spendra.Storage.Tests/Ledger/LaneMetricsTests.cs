using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>What a lane measures of itself.</summary>
public sealed class LaneMetricsTests
{
    [Fact]
    public Task Reservations_settlements_and_batches_are_timed_and_counted() => LedgerWorld.RunAsync(DatabaseEngine.Sqlite, async (world, tenant) =>
    {
        var measured = new ConcurrentBag<(string Name, string? Label)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == LedgerLane.MeterName) self.EnableMeasurementEvents(instrument); },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => measured.Add((instrument.Name, tags.Length > 0 ? (string?)tags[0].Value : null)));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => measured.Add((instrument.Name, tags.Length > 0 ? (string?)tags[0].Value : null)));
        listener.SetMeasurementEventCallback<int>((instrument, _, _, _) => measured.Add((instrument.Name, null)));
        listener.Start();
        var lane = world.OpenLane();
        var narrow = await tenant.BudgetAsync(1);
        var held = tenant.Reserve(1, narrow);

        (await lane.ReserveAsync(held)).Should().BeOfType<LedgerOutcome.Admitted>();
        (await lane.ReserveAsync(tenant.Reserve(1, narrow))).Should().BeOfType<LedgerOutcome.Refused>();
        (await lane.EndAsync(Settle(held, 1))).Should().BeOfType<LedgerOutcome.Ended>();
        listener.RecordObservableInstruments();

        measured.Should().Contain(
        [
            (LaneMetrics.ReservationName, "admitted"), (LaneMetrics.ReservationName, "refused"), (LaneMetrics.EndingName, "settle"), (LaneMetrics.BatchName, null),
            (LaneMetrics.CommitName, null), (LaneMetrics.QueueName, null),
        ]);
    });
}
