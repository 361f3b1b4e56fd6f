using Microsoft.AspNetCore.Http;

namespace Spendra.Sandbox.Wire;

/// <summary>The part of a list that a query asks for: <c>limit</c>, <c>order</c> (newest first by default), <c>after</c>.</summary>
internal readonly record struct Page<T>(IReadOnlyList<T> Items, bool HasMore)
{
    /// <param name="query">The query of the request.</param>
    /// <param name="oldestFirst">Everything there is.</param>
    /// <param name="idOf">The id that <c>after</c> names.</param>
    /// <param name="byDefault">The limit when none is given.</param>
    /// <param name="most">The largest limit.</param>
    /// <param name="page">The part that was asked for.</param>
    public static Refusal? Of(
        IQueryCollection query, IEnumerable<T> oldestFirst, Func<T, string> idOf, int byDefault, int most, out Page<T> page)
    {
        page = new Page<T>([], false);
        var limit = byDefault;
        if (query.TryGetValue("limit", out var given) && (!int.TryParse(given, out limit) || limit < 1 || limit > most))
            return Refusal.OutOfRange("limit", 1, most);
        var ordered = query["order"] == "asc" ? oldestFirst : oldestFirst.Reverse();
        if (query.TryGetValue("after", out var after))
            ordered = ordered.SkipWhile(item => idOf(item) != after).Skip(1);
        var items = ordered.Take(limit + 1).ToList();
        page = new Page<T>([.. items.Take(limit)], items.Count > limit);
        return null;
    }
}
