using Spendra.Simulation.Scheduling;

namespace Spendra.Simulation.Store;

/// <summary>
/// The way to the database and back: messages take their time, get lost in either direction, and while the server is
/// down nothing arrives. What has arrived is done, whatever becomes of whoever asked.
/// </summary>
internal sealed class SimServer(SimLoop loop, SimRandom random)
{
    public StoreFaults Faults { get; set; } = new();

    public bool IsDown { get; set; }

    /// <summary>Faults that were drawn, by kind.</summary>
    public Dictionary<string, int> Drawn { get; } = new(StringComparer.Ordinal);

    /// <summary>Asks the server to do something at once and returns what it answers.</summary>
    /// <exception cref="SimConnectionException">The server is down, or the request or its answer was lost.</exception>
    public Task<T> AskAsync<T>(Func<T> work) => AskAsync<T>((answer, fail) =>
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
    public Task<T> AskAsync<T>(Action<Action<T>, Action<Exception>> work)
    {
        var done = new TaskCompletionSource<T>();
        if (Draw("request lost", Faults.RequestLost))
        {
            loop.After(Latency(), () => Break(done));
            return done.Task;
        }
        loop.After(Latency(), () =>
        {
            if (IsDown)
            {
                Break(done);
                return;
            }
            work(
                value =>
                {
                    var isLost = Draw("answer lost", Faults.AnswerLost);
                    loop.After(Latency(), () =>
                    {
                        if (isLost || IsDown) Break(done);
                        else done.TrySetResult(value);
                    });
                },
                error => loop.After(Latency(), () => done.TrySetException(error)));
        });
        return done.Task;
    }

    public long Latency() => random.Between(20, Faults.MaxLatency);

    public bool Draw(string kind, int perMille)
    {
        if (perMille == 0 || !random.Chance(perMille)) return false;
        Drawn[kind] = Drawn.GetValueOrDefault(kind) + 1;
        return true;
    }

    private static void Break<T>(TaskCompletionSource<T> done) =>
        done.TrySetException(new SimConnectionException("the connection to the database broke"));
}
