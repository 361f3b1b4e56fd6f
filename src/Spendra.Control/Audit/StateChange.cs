using System.Text.Json;

namespace Spendra.Control.Audit;

/// <summary>A field of a state before and after a change.</summary>
/// <param name="Field">Its name; of what is within a thing <c>outer.inner</c>; empty where the state is no object.</param>
/// <param name="Before">As text; null where it was not there.</param>
/// <param name="After">Likewise.</param>
internal sealed record StateChange(string Field, string? Before, string? After)
{
    public bool IsChange => Before != After;

    /// <summary>Fields in the order of the later state; those that changed first.</summary>
    public static IReadOnlyList<StateChange> Of(JsonElement? before, JsonElement? after)
    {
        var (earlier, later) = (Flatten(before), Flatten(after));
        return
        [
            .. later.Keys.Union(earlier.Keys, StringComparer.Ordinal)
                .Select(name => new StateChange(name, earlier.GetValueOrDefault(name), later.GetValueOrDefault(name)))
                .OrderBy(change => change.IsChange ? 0 : 1),
        ];
    }

    private static Dictionary<string, string> Flatten(JsonElement? state)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        if (state is { } found) Add(fields, "", found);
        return fields;
    }

    private static void Add(Dictionary<string, string> fields, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            if (value.ValueKind != JsonValueKind.Null) fields[name] = value.ToString();
            return;
        }
        foreach (var field in value.EnumerateObject()) Add(fields, name.Length == 0 ? field.Name : $"{name}.{field.Name}", field.Value);
    }
}
