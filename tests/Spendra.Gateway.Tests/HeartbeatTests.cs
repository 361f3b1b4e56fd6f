using System.Threading.Channels;
using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Tests;

/// <summary>A gateway that lives says so again and again, so that the sweep leaves its reservations alone.</summary>
public sealed class HeartbeatTests
{
    [Fact]
    public async Task A_running_gateway_beats_again_and_again()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var seen = new HashSet<long> { await BeatAsync(gateway) };

        while (seen.Count < 3)
        {
            patience.IsCancellationRequested.Should().BeFalse("a gateway beats every few seconds");
            await Task.Delay(100, TestContext.Current.CancellationToken);
            seen.Add(await BeatAsync(gateway));
        }
    }

    /// <summary>As when a stop meets an outage: the lane is closed already, and the host is not told of a crash.</summary>
    [Fact]
    public async Task A_beat_that_cannot_be_written_is_told_and_ends_nothing()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var time = new FakeTimeProvider();
        var told = new ToldLog();
        var options = new GatewayOptions();
        var lane = new LedgerLane(gateway.Database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);
        using var parts = new GatewayParts(options, GatewayEnvironment.Real(gateway.Database, options, time), lane, gateway.MasterKey, told);
        using var stop = new CancellationTokenSource();
        using var heartbeat = new GatewayHeartbeat(parts);
        await lane.DisposeAsync();
        var beating = heartbeat.BeatUntilAsync(stop.Token);

        for (var beat = 0; beat < 2; beat++)
        {
            time.Advance(GatewayHeartbeat.Interval);
            (await told.NextAsync()).Should().Contain("sign of life").And.Contain("shutting down");
        }

        beating.IsCompleted.Should().BeFalse("the next beat may be written");
        await stop.CancelAsync();
        await beating;
    }

    private sealed class ToldLog : ILogger
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public Task<string> NextAsync() => _lines.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Writer.TryWrite(formatter(state, exception));
    }

    private static async Task<long> BeatAsync(GatewayHarness gateway)
    {
        await using var connection = await gateway.Database.ConnectAsync(TestContext.Current.CancellationToken);
        return await connection.QuerySingleAsync<long>("SELECT heartbeat_at FROM gateways");
    }
}
