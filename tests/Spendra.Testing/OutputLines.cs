namespace Spendra.Testing;

/// <summary>Lines as they arrive, and those who wait for one. No polling: a waiter completes with its line.</summary>
internal sealed class OutputLines
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly List<(Func<string, bool> Predicate, TaskCompletionSource<string?> Found)> _waiters = [];
    private bool _complete;

    public void Add(string line)
    {
        lock (_gate)
        {
            _lines.Add(line);
            foreach (var (_, found) in _waiters.Where(waiter => waiter.Predicate(line)))
                found.TrySetResult(line);
            _waiters.RemoveAll(waiter => waiter.Found.Task.IsCompleted);
        }
    }

    public void Complete()
    {
        lock (_gate)
        {
            _complete = true;
            foreach (var (_, found) in _waiters)
                found.TrySetResult(null);
            _waiters.Clear();
        }
    }

    /// <returns>The first matching line; null when the output ended without one.</returns>
    public Task<string?> FirstAsync(Func<string, bool> predicate)
    {
        lock (_gate)
        {
            if (_lines.FirstOrDefault(predicate) is { } seen)
                return Task.FromResult<string?>(seen);
            if (_complete)
                return Task.FromResult<string?>(null);

            var found = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((predicate, found));
            return found.Task;
        }
    }

    public IReadOnlyList<string> Snapshot()
    {
        lock (_gate)
            return [.. _lines];
    }
}
