using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Gateway.Batches;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Tests.Batches;

/// <summary>A gateway process that has nothing but the database of those before it.</summary>
internal sealed class LaterProcess : IAsyncDisposable
{
    private readonly LedgerLane _lane;
    private readonly GatewayParts _parts;

    public LaterProcess(Company company, GatewayOptions? options = null)
    {
        options = (options ?? new GatewayOptions()) with { AllowPrivateUpstreams = true };
        var database = company.Gateway.Database;
        _lane = new LedgerLane(database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);
        _parts = new GatewayParts(options, GatewayEnvironment.Real(database, options, TimeProvider.System), _lane, company.Gateway.MasterKey, NullLogger.Instance);
    }

    public async Task PollAsync(TimeSpan? maxTime = null)
    {
        using var poller = new BatchPoller(_parts) { MaxTime = maxTime ?? TimeSpan.FromSeconds(30) };
        await poller.PollAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Polls until nothing of the company's is held any more.</summary>
    public async Task<Books> SettleAsync(Company company)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await company.BooksAsync()).Open.Count > 0)
        {
            patience.IsCancellationRequested.Should().BeFalse("what waits is found, or certainly not there");
            await PollAsync();
        }
        return await company.SettledAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _lane.DisposeAsync();
        _parts.Dispose();
    }
}
