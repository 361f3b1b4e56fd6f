using System.Globalization;
using Spendra.Control.Shell;

namespace Spendra.Control.Dashboard;

/// <summary>
/// A list that is read as somebody scrolls, by the API's cursors. It remembers where each page of it begins, and the rows of those
/// that were shown last: fifty thousand rows cost no more than the few hundred on the screen.
/// </summary>
public sealed class ScrolledList<T>
{
    private const int MostPagesKept = 20;

    private readonly Func<T, string> _keyOf;
    private readonly Func<string?, Task<Page<T>?>> _read;
    private readonly List<Stretch> _stretches = [];
    private Task _turn = Task.CompletedTask;
    private long _uses;

    /// <param name="keyOf">What a row is known by.</param>
    /// <param name="read">The page behind a cursor, the first one for null; null when it cannot be read.</param>
    internal ScrolledList(Func<T, string> keyOf, Func<string?, Task<Page<T>?>> read) => (_keyOf, _read) = (keyOf, read);

    /// <summary>The rows of the first page, once it was read.</summary>
    public IReadOnlyList<T> First => _stretches.Count == 0 ? [] : _stretches[0].Rows!;

    /// <summary>More than the first page was shown.</summary>
    public bool IsScrolled => _stretches.Count > 1;

    /// <summary>Rows that are known, and a page more while there is one: how long the list looks.</summary>
    public int Length => _stretches.Count == 0 ? 0 : _stretches[^1].End + (_stretches[^1].Next is null ? 0 : Math.Max(1, _stretches[0].Count));

    /// <summary>The last page is known.</summary>
    public bool IsComplete => _stretches is [.., { Next: null }];

    public string KeyOf(T row) => _keyOf(row);

    /// <summary>Reads up to the first rows. False when that cannot be done.</summary>
    public async Task<bool> StartAsync() => await InTurnAsync(async () => await FindAsync(0) is not null || _stretches.Count > 0);

    /// <summary>Whether rows came before the first one since it was read; false when that cannot be known now.</summary>
    public async Task<bool> HasNewerAsync() =>
        await _read(null) is { Items: [var newest, ..] } && (First.Count == 0 || _keyOf(newest) != _keyOf(First[0]));

    /// <summary>Whether two lists begin with the same page.</summary>
    public bool BeginsAs(ScrolledList<T> other) => First.Select(_keyOf).SequenceEqual(other.First.Select(_keyOf), StringComparer.Ordinal);

    /// <summary>Rows from one on: fewer at the end, or where they cannot be read.</summary>
    public Task<IReadOnlyList<T>> ReadAsync(int from, int count) => InTurnAsync<IReadOnlyList<T>>(async () =>
    {
        var rows = new List<T>(count);
        while (rows.Count < count && await FindAsync(from + rows.Count) is { } stretch)
            rows.AddRange(stretch.Rows!.Skip(from + rows.Count - stretch.Start).Take(count - rows.Count));
        return rows;
    });

    /// <summary>The page that a row is on; null behind the last one.</summary>
    private async Task<Stretch?> FindAsync(int row)
    {
        while (true)
        {
            var at = _stretches.FindIndex(s => row < s.End);
            if (at < 0 && _stretches.Count > 0 && _stretches[^1].Next is null) return null;
            if (at >= 0 && _stretches[at].Rows is not null)
            {
                _stretches[at].UsedAt = ++_uses;
                return _stretches[at];
            }
            if (!await ReadPageAsync(at < 0 ? _stretches.Count : at)) return null;
        }
    }

    private async Task<bool> ReadPageAsync(int at)
    {
        var cursor = at == 0 ? null : _stretches[at - 1].Next;
        if (await _read(cursor) is not { } page) return false;
        // Who sees few of many rows is told to go on: what comes first is the first page that has any.
        if (at == 1 && _stretches[0].Count == 0) _stretches.RemoveAt(--at);
        var stretch = new Stretch(at == 0 ? 0 : _stretches[at - 1].End, page.Items, page.Next) { UsedAt = ++_uses };
        // Rows that were booked in between move what follows: it is read again.
        if (at < _stretches.Count && (_stretches[at].Next != page.Next || _stretches[at].Count != stretch.Count)) _stretches.RemoveRange(at, _stretches.Count - at);
        if (at < _stretches.Count) _stretches[at] = stretch; else _stretches.Add(stretch);
        Forget();
        return true;
    }

    private void Forget()
    {
        var kept = _stretches.Skip(1).Where(s => s.Rows is not null).ToList();
        if (kept.Count > MostPagesKept) kept.MinBy(s => s.UsedAt)!.Rows = null;
    }

    // Somebody who scrolls on asks again before the last answer is there.
    private async Task<TResult> InTurnAsync<TResult>(Func<Task<TResult>> read)
    {
        var (before, done) = (_turn, new TaskCompletionSource());
        _turn = done.Task;
        await before;
        try
        {
            return await read();
        }
        finally
        {
            done.SetResult();
        }
    }

    private sealed class Stretch(int start, IReadOnlyList<T> rows, string? next)
    {
        public int Start => start;

        public int Count { get; } = rows.Count;

        public int End => Start + Count;

        public string? Next => next;

        /// <summary>Null when they were forgotten.</summary>
        public IReadOnlyList<T>? Rows { get; set; } = rows;

        public long UsedAt { get; set; }
    }
}

internal static class ScrolledList
{
    private const int RowsPerPage = 100;

    /// <summary>A list whose rows are there already, and drawn as somebody scrolls. It is to be started all the same.</summary>
    public static ScrolledList<T> Of<T>(IReadOnlyList<T> rows, Func<T, string> keyOf) => new(keyOf, cursor =>
    {
        var from = cursor is null ? 0 : int.Parse(cursor, CultureInfo.InvariantCulture);
        var to = Math.Min(rows.Count, from + RowsPerPage);
        return Task.FromResult<Page<T>?>(new Page<T>([.. rows.Skip(from).Take(to - from)], to == rows.Count ? null : to.ToString(CultureInfo.InvariantCulture)));
    });
}
