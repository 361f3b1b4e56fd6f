namespace Spendra.Sandbox.Wire;

/// <summary>Things by id in the order of their creation; when full, the oldest is forgotten.</summary>
internal sealed class BoundedStore<T>(int maxCount, Func<T, string> idOf)
    where T : class
{
    private readonly Lock _gate = new();
    private readonly Queue<T> _byAge = [];
    private readonly Dictionary<string, T> _byId = new(StringComparer.Ordinal);

    public void Add(T item)
    {
        lock (_gate)
        {
            _byId[idOf(item)] = item;
            _byAge.Enqueue(item);
            while (_byAge.Count > maxCount)
                _byId.Remove(idOf(_byAge.Dequeue()));
        }
    }

    public T? Find(string id)
    {
        lock (_gate)
            return _byId.GetValueOrDefault(id);
    }

    public bool Remove(string id)
    {
        lock (_gate)
            return _byId.Remove(id);
    }

    /// <summary>Everything that is still known, the oldest first.</summary>
    public IReadOnlyList<T> All()
    {
        lock (_gate)
            return [.. _byAge.Where(item => _byId.ContainsKey(idOf(item)))];
    }
}
