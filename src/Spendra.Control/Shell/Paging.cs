using System.Buffers.Text;
using System.ComponentModel;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace Spendra.Control.Shell;

/// <summary>One page of a list.</summary>
/// <param name="Items">In the order that was asked for; may be fewer than the limit.</param>
/// <param name="Next">The cursor of the next page; null on the last one.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Which page of a list. Bind with <c>[AsParameters]</c>.</summary>
public sealed class PageQuery
{
    public const int DefaultLimit = 50;
    public const int MostItems = 200;

    internal const string NotACursor = "is not a cursor of this list in this order: take it from the field 'next', or leave it out";

    /// <summary>How many items at most.</summary>
    [FromQuery(Name = "limit"), Description("How many items at most: 1 to 200, 50 when absent.")]
    public string? Limit { get; init; }

    [FromQuery(Name = "cursor"), Description("Where to go on: the field 'next' of the page before.")]
    public string? Cursor { get; init; }

    [FromQuery(Name = "sort"), Description("The field to sort by; with '-' before it the other way round.")]
    public string? Sort { get; init; }

    /// <summary>Reads the query, or says what is wrong with it.</summary>
    /// <param name="sorts">The names that <c>sort</c> may have; the first is used when it is absent.</param>
    internal Outcome<PageOf> Read(params string[] sorts)
    {
        var limit = DefaultLimit;
        if (Limit is not null && (!int.TryParse(Limit, System.Globalization.NumberStyles.None, null, out limit) || limit is < 1 or > MostItems))
            return Problem.Field("limit", $"is not a whole number from 1 to {MostItems}");
        var sort = Sort ?? sorts[0];
        if (!sorts.Contains(sort, StringComparer.Ordinal)) return Problem.Field("sort", $"is not one of {string.Join(", ", sorts)}");
        string[]? after = null;
        if (Cursor is not null)
        {
            after = PageOf.ReadCursor(Cursor, sort);
            if (after is null) return Problem.Field("cursor", NotACursor);
        }
        return Outcome<PageOf>.Done(new PageOf(limit, sort, after));
    }

    /// <summary>As <see cref="Read"/>, for lists in the order of ids: also the id of the last row before the page; null for the first one.</summary>
    internal (PageOf? Page, Guid? After, Problem? Problem) ReadById(string sort)
    {
        var read = Read(sort);
        if (!read.IsDone) return (null, null, read.Problem);
        if (read.Value.After is not { } after) return (read.Value, null, null);
        return after.Length == 1 && Guid.TryParse(after[0], out var id) ? (read.Value, id, null) : (null, null, Problem.Field("cursor", NotACursor));
    }
}

/// <summary>A page as lists read it: how many, in which order, and after which row.</summary>
/// <param name="Limit">Items at most; readers ask for one more, to know whether there is a next page.</param>
/// <param name="Sort">One of the list's names.</param>
/// <param name="After">The sort values of the last row before the page; null for the first page.</param>
internal sealed record PageOf(int Limit, string Sort, string[]? After)
{
    private const int LongestCursor = 2_000;

    /// <summary>Makes the page of one row more than fits.</summary>
    /// <param name="rows">At most <see cref="Limit"/> + 1 rows.</param>
    /// <param name="view">What callers see of a row.</param>
    /// <param name="keys">The sort values of a row.</param>
    public Page<TView> Take<TRow, TView>(IReadOnlyList<TRow> rows, Func<TRow, TView> view, Func<TRow, string[]> keys) =>
        new([.. rows.Take(Limit).Select(view)], rows.Count > Limit ? WriteCursor(keys(rows[Limit - 1])) : null);

    /// <summary>The cursor behind a row of these sort values.</summary>
    public string WriteCursor(string[] keys) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes([Sort, .. keys], CursorJson.Default.StringArray));

    public static string[]? ReadCursor(string cursor, string sort)
    {
        if (cursor.Length > LongestCursor) return null;
        try
        {
            var parts = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(cursor), CursorJson.Default.StringArray);
            return parts is { Length: > 1 } && parts[0] == sort && parts.All(p => p is not null && IsText(p)) ? parts[1..] : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    private static bool IsText(string part) => !part.Contains('\0') && Encoding.UTF8.GetByteCount(part) <= LongestCursor;
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class CursorJson : System.Text.Json.Serialization.JsonSerializerContext;
