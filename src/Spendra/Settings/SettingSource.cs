using System.Collections;

namespace Spendra.Settings;

/// <summary>Where settings were found, by name (<c>Gateway:MaxBodyBytes</c>), and how that place spells a name.</summary>
internal sealed class SettingSource(Func<string, string> spell)
{
    public const string EnvironmentPrefix = "SPENDRA__";

    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> Names => _values.Keys;

    public string? Find(string name) => _values.GetValueOrDefault(name);

    public void Set(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) _values[name] = value;
    }

    /// <summary>The name as whoever set it wrote it.</summary>
    public string Spell(string name) => spell(name);

    /// <summary>Options of the command line; they are spelled in lower case: <c>--urls</c>.</summary>
    public static SettingSource CommandLine() => new(name => $"--{name.ToLowerInvariant()}");

    /// <summary>Variables <c>SPENDRA__SECTION__NAME</c>. One that is empty counts as not set.</summary>
    public static SettingSource Environment(IDictionary variables)
    {
        var source = new SettingSource(
            name => EnvironmentPrefix + name.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant());
        foreach (DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)) continue;
            source.Set(name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal), variable.Value as string);
        }
        return source;
    }
}
