namespace Spendra.Sandbox.Files;

/// <summary>Files in the order of their upload, bounded in number and in kept content.</summary>
internal sealed class FileStore(int maxCount, long maxContentBytes)
{
    private readonly Lock _gate = new();
    private readonly List<StoredFile> _byAge = [];
    private readonly Dictionary<string, StoredFile> _byId = new(StringComparer.Ordinal);
    private long _contentBytes;

    public void Add(StoredFile file)
    {
        lock (_gate)
        {
            _byAge.Add(file);
            _byId.Add(file.Id, file);
            _contentBytes += file.Content?.Length ?? 0;
            while (_byAge.Count > maxCount)
                Forget(_byAge[0]);
            for (var index = 0; _contentBytes > maxContentBytes; index++)
                _contentBytes -= _byAge[index].DropContent();
        }
    }

    public StoredFile? Find(string id)
    {
        lock (_gate)
            return _byId.GetValueOrDefault(id);
    }

    public bool Remove(string id)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(id, out var file))
                return false;
            Forget(file);
            return true;
        }
    }

    /// <summary>Every file, the oldest first.</summary>
    public IReadOnlyList<StoredFile> All()
    {
        lock (_gate)
            return [.. _byAge];
    }

    private void Forget(StoredFile file)
    {
        _byAge.Remove(file);
        _byId.Remove(file.Id);
        _contentBytes -= file.DropContent();
    }
}
