using System.Collections.Concurrent;

namespace Spendra.Proof.Worlds;

/// <summary>What befell a world besides its clients' calls: only this excuses an answer that a healthy server would not give.</summary>
internal sealed class Disturbances
{
    // A lane that has lost its database looks for it every second.
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<(DateTimeOffset Began, DateTimeOffset Ended)> _away = new();
    private readonly ConcurrentDictionary<string, bool> _judged = new(StringComparer.Ordinal);

    /// <summary>Servers are killed or stopped: a connection that breaks off is excused.</summary>
    public bool ServersDie { get; set; } = true;

    /// <summary>Connections to the database were ended, or it was down, from then until now.</summary>
    public void DatabaseWasAway(DateTimeOffset since) => _away.Enqueue((since, DateTimeOffset.UtcNow + Recovery));

    public bool IsDatabaseAway(Attempt attempt) => _away.Any(a => attempt.BegunAt <= a.Ended && attempt.EndedAt >= a.Began);

    /// <summary>Whoever cut this attempt has judged its answer.</summary>
    public void Judged(Attempt attempt) => _judged[attempt.Id] = true;

    public bool IsJudged(Attempt attempt) => _judged.ContainsKey(attempt.Id);
}
