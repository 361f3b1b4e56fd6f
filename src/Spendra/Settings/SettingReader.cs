using System.Globalization;

namespace Spendra.Settings;

/// <summary>
/// Reads settings from the first source that has them and collects every error instead of stopping at one. What
/// has been read by the end is what exists: any other name that a source holds is unknown.
/// </summary>
/// <param name="sources">Strongest first.</param>
/// <param name="errors">Gets one line per error.</param>
internal sealed class SettingReader(IReadOnlyList<SettingSource> sources, List<string> errors)
{
    private readonly SortedSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public string? Text(string name) => Find(name)?.Value;

    public bool Flag(string name, bool otherwise)
    {
        if (Find(name) is not { } found) return otherwise;
        if (bool.TryParse(found.Value, out var value)) return value;
        Report(found, "true or false");
        return otherwise;
    }

    public int Number(string name, int otherwise, int min, int max) => (int)LongNumber(name, otherwise, min, max);

    public long LongNumber(string name, long otherwise, long min, long max)
    {
        if (Find(name) is not { } found) return otherwise;
        var isNumber = long.TryParse(found.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value);
        if (isNumber && value >= min && value <= max) return value;
        Report(found, $"a whole number from {min} to {max}");
        return otherwise;
    }

    /// <summary>One of an enum's names, in any case.</summary>
    public T Choice<T>(string name, T otherwise, params ReadOnlySpan<T> allowed) where T : struct, Enum
    {
        if (Find(name) is not { } found) return otherwise;
        foreach (var choice in allowed)
        {
            if (string.Equals(choice.ToString(), found.Value, StringComparison.OrdinalIgnoreCase)) return choice;
        }
        var names = new List<string>(allowed.Length);
        foreach (var choice in allowed) names.Add(choice.ToString().ToLowerInvariant());
        Report(found, string.Join(", ", names));
        return otherwise;
    }

    /// <summary>Text that must pass a check; <paramref name="allowed"/> says what passes.</summary>
    public string? Checked(string name, Func<string, bool> check, string allowed)
    {
        if (Find(name) is not { } found) return null;
        if (check(found.Value)) return found.Value;
        Report(found, allowed);
        return null;
    }

    /// <summary>Settings whose names are not known beforehand: what follows a prefix such as <c>A:B:</c>, with the value of the strongest source.</summary>
    public IReadOnlyList<(string Name, string Value)> Section(string prefix)
    {
        var names = sources.SelectMany(s => s.Names).Where(n => n.Length > prefix.Length && n.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
        return [.. names.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase).Select(n => (n[prefix.Length..], Text(n)!))];
    }

    /// <summary>The strongest source that has one of two settings of which only one can hold.</summary>
    public (string? First, string? Second) OneOf(string first, string second)
    {
        _known.Add(first);
        _known.Add(second);
        foreach (var source in sources)
        {
            var (a, b) = (source.Find(first), source.Find(second));
            if (a is null && b is null) continue;
            if (a is not null && b is not null)
                errors.Add($"{source.Spell(first)} and {source.Spell(second)} exclude each other: keep one");
            return (a, b);
        }
        return (null, null);
    }

    public void ReportUnknown()
    {
        foreach (var source in sources)
        {
            foreach (var name in source.Names.Where(n => !_known.Contains(n)).Order(StringComparer.Ordinal))
                errors.Add($"{source.Spell(name)} is not a setting: allowed are {string.Join(", ", NamesBeside(name))}");
        }
    }

    private IEnumerable<string> NamesBeside(string name)
    {
        var section = name.Contains(':') ? name[..(name.IndexOf(':') + 1)] : "";
        var beside = _known.Where(k => section.Length > 0 && k.StartsWith(section, StringComparison.OrdinalIgnoreCase)).ToList();
        return beside.Count > 0 ? beside : _known;
    }

    private Found? Find(string name)
    {
        _known.Add(name);
        foreach (var source in sources)
        {
            if (source.Find(name) is { } value) return new Found(value, source.Spell(name));
        }
        return null;
    }

    private void Report(Found found, string allowed) => errors.Add($"{found.Spelling} is '{found.Value}': allowed is {allowed}");

    private sealed record Found(string Value, string Spelling);
}
