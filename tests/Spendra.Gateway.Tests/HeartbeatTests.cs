using Dapper;

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

    private static async Task<long> BeatAsync(GatewayHarness gateway)
    {
        await using var connection = await gateway.Database.ConnectAsync(TestContext.Current.CancellationToken);
        return await connection.QuerySingleAsync<long>("SELECT heartbeat_at FROM gateways");
    }
}
