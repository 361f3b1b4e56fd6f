using Spendra.Settings;
using Spendra.Storage;

namespace Spendra.Proof.Kills;

/// <summary>A death that is planned: where, at which passage, and of which role.</summary>
internal sealed record Death(string Point, int Passage, Role Role)
{
    /// <summary>Only a graceful stop comes here.</summary>
    public bool NeedsStop => Point.Contains("DisposeAsync", StringComparison.Ordinal);

    /// <summary>Only a failing database leads here.</summary>
    public bool NeedsFailure => Point.Contains(".Classify/", StringComparison.Ordinal) || Point.Contains(".Describe/", StringComparison.Ordinal);
}

/// <summary>Deals the points of one engine in turn, in an order that is shuffled for every turn.</summary>
internal sealed class PointDeck(DatabaseEngine engine, Func<string, bool> chosen)
{
    private const int MostPassages = 12;

    private readonly Lock _gate = new();
    private readonly Queue<Death> _gateway = new();
    private readonly Queue<Death> _worker = new();
    private readonly HashSet<string> _dealt = [];

    /// <summary>Points that nothing in this campaign can pass, with the reason.</summary>
    public static string? WhyUnreachable(string point, DatabaseEngine engine)
    {
        if (point.Contains("(AdjustCommand)", StringComparison.Ordinal)) return "no server adjusts: corrections are made elsewhere";
        if (engine == DatabaseEngine.Sqlite && new Death(point, 1, Role.All).NeedsFailure) return "a local file does not fail by itself";
        return null;
    }

    public static IReadOnlyList<string> Reachable(DatabaseEngine engine) => [.. Points.All.Where(p => WhyUnreachable(p, engine) is null)];

    public Death NextWorkerDeath() => Next(_worker, isWorker: true);

    public Death NextGatewayDeath() => Next(_gateway, isWorker: false);

    /// <summary>The point was not passed in time: again, at its first passage.</summary>
    public void Return(Death death)
    {
        lock (_gate) (death.Role == Role.Worker ? _worker : _gateway).Enqueue(death with { Passage = 1 });
    }

    private Death Next(Queue<Death> queue, bool isWorker)
    {
        lock (_gate)
        {
            if (queue.Count == 0) Fill(queue, isWorker);
            return queue.Dequeue();
        }
    }

    private void Fill(Queue<Death> queue, bool isWorker)
    {
        var points = Reachable(engine).Where(p => chosen(p) && IsOfWorker(p) == isWorker).ToArray();
        Random.Shared.Shuffle(points);
        foreach (var point in points)
        {
            // First every point at its first passage, then at any.
            var passage = _dealt.Add(point) || isWorker ? 1 : 1 + Random.Shared.Next(MostPassages);
            queue.Enqueue(new Death(point, passage, isWorker ? Role.Worker : engine == DatabaseEngine.Sqlite ? Role.All : Role.Gateway));
        }
    }

    private static bool IsOfWorker(string point) =>
        point.StartsWith("IDoubtSource.", StringComparison.Ordinal) || point.Contains("(ExpireCommand)", StringComparison.Ordinal);
}
