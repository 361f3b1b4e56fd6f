using Spendra.Simulation.Scheduling;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Store;

/// <summary>
/// The way to the database and back: messages take their time, get lost in either direction, and while the server is
/// down nothing arrives. What has arrived is done, whatever becomes of whoever asked.
/// </summary>
internal sealed class SimServer(SimLoop loop, SimRandom random)
{
    public StoreFaults Faults { get; set; } = new();

    public bool IsDown { get; set; }

    public FaultTally Tally { get; init; } = new();

    /// <summary>Asks the server to do something at once and returns what it answers.</summary>
    /// <exception cref="SimConnectionException">The server is down, or the request or its answer was lost.</exception>
    public Task<T> AskAsync<T>(SimProcess asker, Func<T> work) => AskAsync<T>(asker, (answer, fail) =>
    {
        try
        {
            answer(work());
        }
        catch (Exception e)
        {
            fail(e);
        }
    });

    /// <summary>The same for work that the server ends later, when it has waited for a lock.</summary>
    public Task<T> AskAsync<T>(SimProcess asker, Action<Action<T>, Action<Exception>> work)
    {
        var done = new TaskCompletionSource<T>();
        if (Draw(FaultKind.StoreRequestLost, Faults.RequestLost))
        {
            loop.After(Latency(), () => Break(asker, done));
            return done.Task;
        }
        loop.After(Latency(), () =>
        {
            if (IsDown)
            {
                Break(asker, done);
                return;
            }
            work(
                value =>
                {
                    var isLost = Draw(FaultKind.StoreAnswerLost, Faults.AnswerLost);
                    loop.After(Latency(), () =>
                    {
                        if (isLost || IsDown) Break(asker, done);
                        else done.TrySetResult(value);
                    });
                },
                error => loop.After(Latency(), () =>
                {
                    if (error is SimConnectionException) Break(asker, done);
                    else done.TrySetException(error);
                }));
        });
        return done.Task;
    }

    public long Latency()
    {
        var latency = random.Between(20, Faults.MaxLatency);
        if (latency > StoreFaults.UsualLatency) Tally.Count(FaultKind.SlowStore);
        return latency;
    }

    public bool Draw(FaultKind kind, int perMille)
    {
        if (perMille == 0 || !random.Chance(perMille)) return false;
        Tally.Count(kind);
        return true;
    }

    private void Break<T>(SimProcess asker, TaskCompletionSource<T> done)
    {
        asker.ConnectionLosses.Add(loop.Now);
        done.TrySetException(new SimConnectionException("the connection to the database broke"));
    }
}
