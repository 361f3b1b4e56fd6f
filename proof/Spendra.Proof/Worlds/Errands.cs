using System.Collections.Concurrent;

namespace Spendra.Proof.Worlds;

/// <summary>What the clients of a world want done: every kind of call in turn, and again what was not answered.</summary>
/// <param name="name">Begins the ids of its calls.</param>
/// <param name="drawKey">Chooses one of dora's keys.</param>
internal sealed class Errands(string name, Func<string> drawKey)
{
    private static readonly CallKind[] Kinds = Enum.GetValues<CallKind>();

    private readonly ConcurrentQueue<Call> _unanswered = new();
    private readonly ConcurrentQueue<string> _responses = new();
    private readonly ConcurrentDictionary<string, int> _tries = new();
    private string? _lastAnswered;
    private long _number;
    private int _rotation;

    /// <summary>One caller of one server, whose calls come from here.</summary>
    /// <param name="server">Where it calls.</param>
    /// <param name="goesOn">The server outlives its database: the caller goes on after an error. Otherwise a broken connection is its end.</param>
    public Caller At(Uri server, bool goesOn) => async (load, stop) =>
    {
        while (!stop.IsCancellationRequested)
        {
            var call = Next();
            var attempt = await load.SendAsync(server, call, NumberOf(call), CancellationToken.None);
            Close(attempt);
            if (attempt.Status == 0 && !goesOn) return;
        }
    };

    /// <summary>First what was not answered, under its old idempotency key; then something new.</summary>
    private Call Next()
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

    private int NumberOf(Call call) => _tries.AddOrUpdate(call.Id, 1, (_, n) => n + 1);

    /// <summary>The attempt is over.</summary>
    private void Close(Attempt attempt)
    {
        if (attempt.Status == 0 && attempt.Number < 2 && attempt.Call.IdempotencyKey is not null) _unanswered.Enqueue(attempt.Call);
        if (attempt is { Status: 200, IsComplete: true, Call.Kind: CallKind.Chat }) Volatile.Write(ref _lastAnswered, attempt.Call.Id);
        if (attempt is { Status: 404, Call.Kind: CallKind.Fetch }) _responses.TryDequeue(out _);
        if (attempt is { ObjectId: { } made, Call.Kind: CallKind.Response or CallKind.Background }) _responses.Enqueue(made);
    }
}
