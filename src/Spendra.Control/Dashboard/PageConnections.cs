namespace Spendra.Control.Dashboard;

/// <summary>
/// How many pages of each session are connected to this process. What a page shows is kept here while it is connected: a session
/// that opens pages without end is not to use up the memory of all others.
/// </summary>
internal sealed class PageConnections
{
    /// <summary>Pages of one session at a time: more tabs than anybody works in.</summary>
    public const int Most = 50;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _open = [];

    /// <summary>Counts one more. False when there are as many as there may be.</summary>
    public bool TryEnter(Guid sessionId)
    {
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(sessionId);
            if (open >= Most) return false;
            _open[sessionId] = open + 1;
            return true;
        }
    }

    public void Leave(Guid sessionId)
    {
        lock (_lock)
        {
            if (--_open[sessionId] == 0) _open.Remove(sessionId);
        }
    }
}
