using System.Globalization;
using System.Text.Json;

namespace Spendra.Proof.Failover;

/// <summary>All that clients were told, in memory and, line by line as it comes, in a file.</summary>
internal sealed class ClientJournal(string path) : IDisposable
{
    private readonly StreamWriter _file = new(path) { AutoFlush = true };
    private readonly List<Attempt> _attempts = [];
    private readonly Lock _gate = new();

    public void Add(Attempt attempt)
    {
        var line = JsonSerializer.Serialize(new
        {
            attempt.Id,
            attempt.Caller,
            attempt.IdempotencyKey,
            attempt.IsStreamed,
            attempt.BegunAt,
            attempt.EndedAt,
            attempt.Status,
            attempt.Code,
            attempt.RequestId,
            Reserved = attempt.Reserved?.ToString(),
            Cost = attempt.Cost?.ToString(),
            attempt.IsBroken,
        });
        lock (_gate)
        {
            _file.WriteLine(line);
            _attempts.Add(attempt);
        }
    }

    public IReadOnlyList<Attempt> Attempts
    {
        get
        {
            lock (_gate) return [.. _attempts];
        }
    }

    /// <summary>When calls that were begun since an instant were acknowledged, in order.</summary>
    public List<DateTimeOffset> AcknowledgedSince(DateTimeOffset begun)
    {
        lock (_gate) return [.. _attempts.Where(a => a.IsAcknowledged && a.BegunAt >= begun).Select(a => a.EndedAt).Order()];
    }

    public int Count(Func<Attempt, bool> predicate)
    {
        lock (_gate) return _attempts.Count(predicate);
    }

    /// <summary>"200: 5310, 503: 42": answers by status, the most frequent first.</summary>
    public string Statuses => string.Join(", ", Attempts.GroupBy(a => a.Status).OrderByDescending(g => g.Count())
        .Select(g => string.Create(CultureInfo.InvariantCulture, $"{(g.Key == 0 ? "hung up" : g.Key)}: {g.Count()}")));

    public void Dispose() => _file.Dispose();
}
