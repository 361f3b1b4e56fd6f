using System.Collections.Concurrent;

namespace Spendra.Proof.Worlds;

/// <summary>All that the clients of a world sent and were told, and what they still want done.</summary>
internal sealed class ClientJournal(string name, Func<string> drawKey)
{
    private static readonly CallKind[] Kinds = Enum.GetValues<CallKind>();

    private readonly ConcurrentDictionary<string, Attempt> _attempts = new();
    private readonly ConcurrentQueue<Call> _unanswered = new();
    private readonly ConcurrentQueue<string> _responses = new();
    private readonly ConcurrentDictionary<string, int> _tries = new();
    private string? _lastAnswered;
    private long _number;
    private int _rotation;

    public string Name => name;

    public IReadOnlyCollection<Attempt> Attempts => [.. _attempts.Values];

    public int Count => _attempts.Count;

    /// <summary>First what was not answered, under its old idempotency key; then something new.</summary>
    public Call Next()
    {
        if (_unanswered.TryDequeue(out var again)) return again;
        var kind = Kinds[(uint)Interlocked.Increment(ref _rotation) % Kinds.Length];
        var id = $"{name}-{Interlocked.Increment(ref _number)}";
        return kind switch
        {
            CallKind.Fetch => _responses.TryPeek(out var fetched) ? new Call(id, kind) { ObjectId = fetched } : new Call(id, CallKind.Response),
            CallKind.Delete => _responses.TryDequeue(out var deleted) ? new Call(id, kind) { ObjectId = deleted } : new Call(id, CallKind.Response),
            CallKind.Repeat => Volatile.Read(ref _lastAnswered) is { } earlier ? new Call(id, kind) { RepeatOf = earlier } : new Call(id, CallKind.Chat),
            CallKind.Ruled => new Call(id, kind) { Key = drawKey() },
            _ => new Call(id, kind),
        };
    }

    public int NumberOf(Call call) => _tries.AddOrUpdate(call.Id, 1, (_, n) => n + 1);

    /// <summary>What is known so far; said again when more is.</summary>
    public void Write(Attempt attempt) => _attempts[attempt.Id] = attempt;

    /// <summary>The attempt is over.</summary>
    public void Close(Attempt attempt)
    {
        Write(attempt);
        if (attempt.Status == 0 && attempt.Number < 2 && attempt.Call.IdempotencyKey is not null) _unanswered.Enqueue(attempt.Call);
        if (attempt is { Status: 200, IsComplete: true, Call.Kind: CallKind.Chat }) Volatile.Write(ref _lastAnswered, attempt.Call.Id);
        if (attempt is { Status: 404, Call.Kind: CallKind.Fetch }) _responses.TryDequeue(out _);
        if (attempt is { ObjectId: { } made, Call.Kind: CallKind.Response or CallKind.Background }) _responses.Enqueue(made);
    }
}
