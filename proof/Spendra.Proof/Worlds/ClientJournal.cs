using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Spendra.Proof.Worlds;

/// <summary>All that clients sent and were told, in memory and, when it has a path, line by line as it comes in a file.</summary>
internal sealed class ClientJournal(string name, string? path = null) : IDisposable
{
    private readonly ConcurrentDictionary<string, Attempt> _attempts = new();
    private readonly StreamWriter? _file = path is null ? null : new StreamWriter(path) { AutoFlush = true };
    private readonly Lock _gate = new();

    public string Name => name;

    public IReadOnlyCollection<Attempt> Attempts => [.. _attempts.Values];

    public int Count => _attempts.Count;

    /// <summary>What is known so far; said again when more is.</summary>
    public void Write(Attempt attempt)
    {
        _attempts[attempt.Id] = attempt;
        if (_file is null || attempt.EndedAt == default) return;
        var line = JsonSerializer.Serialize(new
        {
            attempt.Id,
            attempt.Call.KeySlug,
            attempt.Call.Kind,
            attempt.Call.IdempotencyKey,
            attempt.BegunAt,
            attempt.EndedAt,
            attempt.Status,
            attempt.ErrorCode,
            attempt.RequestId,
            Reserved = attempt.Reserved?.ToString(),
            Cost = attempt.Cost?.ToString(),
            attempt.HasEnded,
            attempt.IsComplete,
        });
        lock (_gate) _file.WriteLine(line);
    }

    /// <summary>When calls that were begun since an instant were acknowledged, in order.</summary>
    public List<DateTimeOffset> AcknowledgedSince(DateTimeOffset begun) =>
        [.. Attempts.Where(a => a.IsAcknowledged && a.BegunAt >= begun).Select(a => a.EndedAt).Order()];

    /// <summary>"200: 5310, 503: 42": answers by status, the most frequent first.</summary>
    public string Statuses => string.Join(", ", Attempts.Where(a => a.EndedAt != default).GroupBy(a => a.Status).OrderByDescending(g => g.Count())
        .Select(g => string.Create(CultureInfo.InvariantCulture, $"{(g.Key == 0 ? "hung up" : g.Key)}: {g.Count()}")));

    public void Dispose() => _file?.Dispose();
}
