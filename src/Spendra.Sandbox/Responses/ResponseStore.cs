using System.Collections.Concurrent;

namespace Spendra.Sandbox.Responses;

/// <summary>Responses by id; when full, the oldest is forgotten.</summary>
internal sealed class ResponseStore(int maxCount)
{
    private const long MaxInputBytes = 128L * 1024 * 1024;
    private readonly ConcurrentDictionary<string, StoredResponse> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<StoredResponse> _byAge = new();
    private long _inputBytes;

    public void Add(StoredResponse response)
    {
        _byId[response.Id] = response;
        _byAge.Enqueue(response);
        Interlocked.Add(ref _inputBytes, response.Call.InputJson.Length);
        while ((_byAge.Count > maxCount || Interlocked.Read(ref _inputBytes) > MaxInputBytes) && _byAge.TryDequeue(out var oldest))
        {
            // Deleted ones stay in the queue until their turn, so both bounds hold for them too.
            Interlocked.Add(ref _inputBytes, -oldest.Call.InputJson.Length);
            _byId.TryRemove(oldest.Id, out _);
        }
    }

    public StoredResponse? Find(string id) => _byId.GetValueOrDefault(id);

    public bool Remove(string id) => _byId.TryRemove(id, out _);
}
