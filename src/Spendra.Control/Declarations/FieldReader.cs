using System.Collections.Immutable;
using System.Globalization;
using Spendra.Control.Shell;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Control.Declarations;

/// <summary>
/// Reads the fields of one group and complains about each that is unknown, missing or malformed. A reader of a
/// field returns null after it has complained, or when an optional field is absent.
/// </summary>
internal sealed class FieldReader
{
    private const int LongestName = 200;
    private const int MostNames = 10_000;

    private readonly Dictionary<string, MapEntry> _fields;
    private readonly ErrorList _errors;

    /// <param name="node">The group.</param>
    /// <param name="what">How errors name it: <c>budget</c>.</param>
    /// <param name="allowed">Every field it may have.</param>
    /// <param name="errors">Where complaints go.</param>
    public FieldReader(MapNode node, string what, string[] allowed, ErrorList errors)
    {
        What = what;
        Line = node.Line;
        _errors = errors;
        _fields = node.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
        foreach (var entry in node.Entries)
        {
            if (!allowed.Contains(entry.Name, StringComparer.Ordinal))
                errors.Add(entry.Line, $"'{Short(entry.Name)}' is not a field of {what}: expected {string.Join(", ", allowed)}");
        }
    }

    public string What { get; }

    public int Line { get; }

    public bool Has(string field) => Find(field) is not null;

    public bool IsEmptyList(string field) => Find(field)?.Value is ListNode { Items.Count: 0 };

    public int LineOf(string field) => _fields.TryGetValue(field, out var entry) ? entry.Line : Line;

    public void Complain(string field, string message) => _errors.Add(LineOf(field), message);

    /// <summary>Complains about what a rule of the domain finds wrong.</summary>
    public void Complain(RuleFault fault)
    {
        if (fault.IsMissing) Missing(fault.Field, fault.Text);
        else Complain(fault.Field, $"'{fault.Field}' {fault.Text}");
    }

    public void Missing(string field, string expected) => _errors.Add(Line, $"{What} has no '{field}': expected {expected}");

    public MapNode? Map(string field)
    {
        if (Find(field) is not { } entry) return null;
        if (entry.Value is MapNode map) return map;
        Complain(field, $"'{field}' is {entry.Value.Shape}: expected a group of fields");
        return null;
    }

    /// <summary>The items of a list of groups; null when the field is absent.</summary>
    public IReadOnlyList<MapNode>? Groups(string field)
    {
        if (!_fields.TryGetValue(field, out var entry)) return null;
        // "teams:" with nothing below it is an empty list.
        if (entry.Value is ScalarNode { Text: null }) return [];
        if (entry.Value is not ListNode list)
        {
            Complain(field, $"'{field}' is {entry.Value.Shape}: expected a list");
            return null;
        }
        foreach (var item in list.Items)
        {
            if (item is not MapNode) _errors.Add(item.Line, $"an item of '{field}' is {item.Shape}: expected a group of fields");
        }
        return [.. list.Items.OfType<MapNode>()];
    }

    /// <summary>Text without control characters, at most <paramref name="longest"/> characters.</summary>
    public string? Text(string field, int longest = LongestName)
    {
        if (Scalar(field) is not { } text) return null;
        if (PlainText.Matches(text, longest)) return text;
        Complain(field, $"'{field}' is not plain text: expected 1 to {longest} characters without control characters");
        return null;
    }

    public string? RequiredText(string field, string expected)
    {
        if (!Has(field)) Missing(field, expected);
        return Text(field);
    }

    /// <summary>The item's own name among its kind. Falls back to an impossible slug, so that reading goes on.</summary>
    public string Slug()
    {
        if (RequiredText("slug", SlugRule.Expected) is not { } slug) return $"?{Line}";
        if (SlugRule.Matches(slug)) return slug;
        Complain("slug", $"'{Short(slug)}' is not a slug: expected {SlugRule.Expected}");
        return $"?{Line}";
    }

    public NanoUsd? Amount(string field)
    {
        if (Scalar(field) is not { } text) return null;
        if (NanoUsd.TryParse(text, out var amount) && !amount.IsNegative) return amount;
        Complain(field, $"'{field}' is '{Short(text)}': expected an amount in USD such as 250 or 0.25, not negative, with at most nine decimals");
        return null;
    }

    public Rate? UsdPerMillion(string field)
    {
        if (Scalar(field) is not { } text) return null;
        if (Rate.TryParseUsdPerMillion(text, out var rate)) return rate;
        Complain(field, $"'{field}' is '{Short(text)}': expected USD per million tokens such as 2.5, not negative, with at most nine decimals");
        return null;
    }

    public long? Whole(string field, long least, long most)
    {
        if (Scalar(field) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        Complain(field, $"'{field}' is '{Short(text)}': expected a whole number from {least} to {most}");
        return null;
    }

    /// <summary>One of a fixed set of names.</summary>
    public T? OneOf<T>(string field, Func<string, T?> find, IEnumerable<string> allowed) where T : struct
    {
        if (Scalar(field) is not { } text) return null;
        if (find(text) is { } value) return value;
        Complain(field, $"'{field}' is '{Short(text)}': expected one of {string.Join(", ", allowed)}");
        return null;
    }

    public DateOnly? Day(string field)
    {
        if (Scalar(field) is not { } text) return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            && BudgetRules.IsDay(day)) return day;
        Complain(field, $"'{field}' is '{Short(text)}': expected a date such as 2026-12-31");
        return null;
    }

    /// <summary>Microseconds since the Unix epoch of an ISO 8601 time with an offset.</summary>
    public long? Instant(string field)
    {
        if (Scalar(field) is not { } text) return null;
        if (InstantText.TryParse(text, out var micros)) return micros;
        Complain(field, $"'{field}' is '{Short(text)}': expected a time with an offset such as 2026-12-31T18:00:00+01:00 or 2026-12-31T17:00:00Z");
        return null;
    }

    public TimeZoneInfo? Zone(string field)
    {
        if (Scalar(field) is not { } text) return null;
        if (ZoneName.Find(text) is { } zone) return zone;
        Complain(field, $"'{field}' is '{Short(text)}', which is no known time zone: expected an IANA name such as Europe/Madrid or UTC");
        return null;
    }

    /// <summary>A list of names; unrestricted when the field is absent.</summary>
    public NameSet Names(string field)
    {
        if (!_fields.TryGetValue(field, out var entry)) return NameSet.Unrestricted;
        if (entry.Value is not ListNode list)
        {
            Complain(field, $"'{field}' is {entry.Value.Shape}: expected a list of names, [] for none, or no field at all");
            return NameSet.Unrestricted;
        }
        if (list.Items.Count > MostNames) Complain(field, $"'{field}' has {list.Items.Count} names: expected at most {MostNames}");
        var names = ImmutableArray.CreateBuilder<string>(list.Items.Count);
        foreach (var item in list.Items)
        {
            if (item is not ScalarNode { Text: { } name } || !PlainText.Matches(name, LongestName))
                _errors.Add(item.Line, $"'{field}' holds something that is not a name: expected plain text of 1 to {LongestName} characters");
            else if (names.Contains(name)) _errors.Add(item.Line, $"'{Short(name)}' is in '{field}' twice");
            else names.Add(name);
        }
        return new NameSet(names.ToImmutable());
    }

    /// <summary>The single values of a list with their lines.</summary>
    public IReadOnlyList<ScalarNode> Scalars(string field)
    {
        if (Find(field) is not { } entry) return [];
        if (entry.Value is ListNode list && list.Items.All(i => i is ScalarNode { Text: not null }))
            return [.. list.Items.Cast<ScalarNode>()];
        Complain(field, $"'{field}' is not a list of single values");
        return [];
    }

    /// <summary>Shortens what is quoted in an error.</summary>
    public static string Short(string text) => text.Length <= 60 ? text.ReplaceLineEndings(" ") : text[..60].ReplaceLineEndings(" ") + "…";

    private string? Scalar(string field)
    {
        if (Find(field) is not { } entry) return null;
        if (entry.Value is ScalarNode { Text: { } text }) return text;
        Complain(field, $"'{field}' is {entry.Value.Shape}: expected a single value");
        return null;
    }

    // A field that is there but says nothing counts as absent.
    private MapEntry? Find(string field) =>
        _fields.TryGetValue(field, out var entry) && entry.Value is not ScalarNode { Text: null } ? entry : null;
}
