namespace Spendra.Control.Ledger;

/// <summary>
/// Tells which gateways have fallen silent, by watching their heartbeats change. Clocks of different machines are
/// never compared: what counts is how long this process has seen the same heartbeat. Time in which it did not look
/// (the database was out of reach, the process was paused) does not count, because nobody could beat or be seen to.
/// </summary>
internal sealed class GatewayWatch(TimeSpan lease, TimeProvider time)
{
    private readonly Dictionary<Guid, Seen> _seen = [];
    private long? _lastLook;

    /// <summary>The gateways of a list whose heartbeat has been the same for the whole lease.</summary>
    public IReadOnlyList<Guid> FindSilent(IReadOnlyList<(Guid GatewayId, long HeartbeatAt)> holders)
    {
        var now = time.GetTimestamp();
        var hasGap = _lastLook is { } last && time.GetElapsedTime(last, now) > lease;
        _lastLook = now;
        var silent = new List<Guid>();
        var present = new HashSet<Guid>(holders.Count);
        foreach (var (id, beat) in holders)
        {
            present.Add(id);
            if (hasGap || !_seen.TryGetValue(id, out var seen) || seen.Beat != beat) _seen[id] = new Seen(beat, now);
            else if (time.GetElapsedTime(seen.Since, now) >= lease) silent.Add(id);
        }
        foreach (var gone in _seen.Keys.Where(id => !present.Contains(id)).ToList()) _seen.Remove(gone);
        return silent;
    }

    private readonly record struct Seen(long Beat, long Since);
}
