using System.Globalization;

namespace Spendra.Proof.Failover;

/// <summary>
/// Clients that go on through everything: plain and streamed calls, calls with an idempotency key that are repeated
/// until their outcome is known, at one gateway and then the other, and bob, whose cap is small.
/// </summary>
internal sealed class Load : IDisposable
{
    private const int CallersOfEachKind = 4;
    private const int HangUpPercent = 20;
    private const int LongestPatienceMs = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BobsPause = TimeSpan.FromMilliseconds(500);

    private readonly Client _client;
    private readonly Uri[] _gateways;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _callers;

    public Load(Client client, Uri[] gateways)
    {
        _client = client;
        _gateways = gateways;
        _callers = Task.WhenAll(Enumerable.Range(0, CallersOfEachKind).SelectMany(n => (Task[])
        [
            Task.Run(() => CallAsync(n, isStreamed: false)),
            Task.Run(() => CallAsync(n, isStreamed: true)),
            Task.Run(() => RepeatAsync(n)),
        ]).Append(Task.Run(SpendOfBobAsync)));
    }

    /// <summary>No new calls; returns when the outcome of those under way is known.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _callers;
    }

    public void Dispose() => _stop.Dispose();

    private async Task CallAsync(int caller, bool isStreamed)
    {
        for (var number = caller; !_stop.IsCancellationRequested; number++)
        {
            await _client.CallAsync(GatewayOf(number), "ada", isStreamed);
            await PauseAsync(Pause);
        }
    }

    /// <summary>One key after the other, each repeated until it is known that its call was made.</summary>
    private async Task RepeatAsync(int caller)
    {
        for (var number = caller; !_stop.IsCancellationRequested; number++)
        {
            var key = Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture);
            var isKnown = false;
            for (var attempt = 0; !isKnown; attempt++)
            {
                using var patience = Patience();
                var told = await _client.CallAsync(GatewayOf(number + attempt), "ada", isStreamed: number % 3 == 0, key, patience.Token);
                isKnown = (told.IsAcknowledged && !told.IsBroken) || told.Code == "idempotency_replay_unavailable";
                await Task.Delay(Pause);
            }
        }
    }

    /// <summary>Some clients hang up before they have an answer, and so do not know whether the call was made.</summary>
    private static CancellationTokenSource Patience() => Random.Shared.Next(100) < HangUpPercent
        ? new CancellationTokenSource(Random.Shared.Next(1, LongestPatienceMs))
        : new CancellationTokenSource();

    private async Task SpendOfBobAsync()
    {
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            await _client.CallAsync(GatewayOf(number), "bob", isStreamed: false);
            await PauseAsync(BobsPause);
        }
    }

    private Uri GatewayOf(int number) => _gateways[number % _gateways.Length];

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The load ends.
        }
    }
}
