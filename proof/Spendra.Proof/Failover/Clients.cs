using System.Diagnostics;
using Spendra.Proof.Worlds;

namespace Spendra.Proof.Failover;

/// <summary>
/// Clients that go on through everything: plain and streamed calls, calls with an idempotency key that are repeated
/// until their outcome is known, at one gateway and then the other; carl, whose cap is small; and dora, whose rules change.
/// </summary>
/// <param name="gateways">Where they call, in turn.</param>
/// <param name="administrator">Has the secrets of dora's keys.</param>
/// <param name="violations">Hears of a call that comes to no end.</param>
internal sealed class Clients(Uri[] gateways, Administrator administrator, Violations violations)
{
    private const int CallersOfEachKind = 4;
    private const int HangUpPercent = 20;
    private const int LongestPatienceMs = 60;
    private const string Plain = "latency_ms=40";
    private const string Streamed = "chunk_ms=5";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CarlsPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan DorasPause = TimeSpan.FromMilliseconds(100);

    private long _calls;

    /// <summary>How long a call may stay unknown, and carl's cap held, when nothing disturbs them any more. Shorter than a load's patience.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    public IEnumerable<Caller> Callers =>
    [
        .. Enumerable.Range(0, CallersOfEachKind).SelectMany(n => (Caller[])
        [
            AgainAndAgain(n, Pause, () => Once(CallKind.Chat)),
            AgainAndAgain(n, Pause, () => Once(CallKind.Stream)),
            (load, stop) => RepeatAsync(load, n, stop),
        ]),
        AgainAndAgain(0, CarlsPause, () => Once(CallKind.Capped)),
        AgainAndAgain(0, DorasPause, () => Once(CallKind.Ruled) with { Key = administrator.DrawKey() }),
        AgainAndAgain(1, DorasPause, () => Once(CallKind.Ruled) with { Key = administrator.DrawKey() }),
    ];

    /// <summary>A phantom hold would refuse carl too early, a lost settlement too late.</summary>
    public async Task SpendTheRestOfCarlAsync(Load load)
    {
        var held = Stopwatch.StartNew();
        while (true)
        {
            var told = await load.SendAsync(gateways[0], Once(CallKind.Capped), 1);
            if (told.Status == 200)
            {
                held.Restart();
                continue;
            }
            if (told is { Status: 429, ErrorCode: "budget_held" } && held.Elapsed < Patience)
            {
                await Task.Delay(Pause, CancellationToken.None);
                continue;
            }
            if (told is not { Status: 402, ErrorCode: "budget_exceeded" })
                violations.Add($"stuck: carl could not spend what was left to him; {told.Id} was told {told.Status} {told.ErrorCode}");
            return;
        }
    }

    private Caller AgainAndAgain(int caller, TimeSpan pause, Func<Call> next) => async (load, stop) =>
    {
        for (var number = caller; !stop.IsCancellationRequested; number++)
        {
            await load.SendAsync(GatewayOf(number), next(), 1, CancellationToken.None);
            await PauseAsync(pause, stop);
        }
    };

    /// <summary>One key after the other, each repeated until it is known that its call was made.</summary>
    internal async Task RepeatAsync(Load load, int caller, CancellationToken stop)
    {
        for (var number = caller; !stop.IsCancellationRequested; number++)
        {
            var call = Once(number % 3 == 0 ? CallKind.Stream : CallKind.Chat) with { IsSentOnce = false };
            var isKnown = false;
            Stopwatch? stopped = null;
            for (var attempt = 0; !isKnown; attempt++)
            {
                using var patience = DrawPatience();
                var told = await load.SendAsync(GatewayOf(number + attempt), call, attempt + 1, patience.Token);
                isKnown = (told.IsAcknowledged && told.HasEnded) || told.ErrorCode == "idempotency_replay_unavailable";
                if (stop.IsCancellationRequested) stopped ??= Stopwatch.StartNew();
                if (!isKnown && stopped?.Elapsed > Patience)
                {
                    violations.Add($"stuck: what became of {call.Id} was unknown {Patience.TotalSeconds:F0} s after the last failover; {told.Id} was told {told.Status} {told.ErrorCode}");
                    return;
                }
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    /// <summary>Some clients hang up before they have an answer, and so do not know whether the call was made.</summary>
    private static CancellationTokenSource DrawPatience() => Random.Shared.Next(100) < HangUpPercent
        ? new CancellationTokenSource(Random.Shared.Next(1, LongestPatienceMs))
        : new CancellationTokenSource();

    private Call Once(CallKind kind) => new($"c{Interlocked.Increment(ref _calls)}", kind)
    {
        IsSentOnce = true, Pace = kind == CallKind.Stream ? Streamed : Plain,
    };

    private Uri GatewayOf(int number) => gateways[number % gateways.Length];

    private static async Task PauseAsync(TimeSpan pause, CancellationToken stop)
    {
        try
        {
            await Task.Delay(pause, stop);
        }
        catch (OperationCanceledException)
        {
            // The load ends.
        }
    }
}
