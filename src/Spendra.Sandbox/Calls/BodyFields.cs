using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Spendra.Sandbox.Calls;

/// <summary>
/// The members of a JSON object by name and type. The first that has another type is kept as the fault of the body.
/// </summary>
/// <param name="body">The object; anything else has no members.</param>
/// <param name="path">Where it stands in the body, for the fault; empty at the top.</param>
/// <param name="faults">Shared by all objects of one body.</param>
/// <param name="isProto">
/// Read as protobuf's JSON: a member may also be written in snake case, and a number may be written as a string.
/// </param>
internal readonly struct BodyFields(JsonElement body, string path, List<string> faults, bool isProto)
{
    public string? Fault => faults.Count == 0 ? null : faults[0];

    public bool Has(string name) => Find(name, out _);

    /// <returns>False when the member is missing or <c>null</c>.</returns>
    public bool Find(string name, out JsonElement value)
    {
        value = default;
        if (body.ValueKind is not JsonValueKind.Object)
            return false;
        if (!body.TryGetProperty(name, out value) && !(isProto && body.TryGetProperty(Snake(name), out value)))
            return false;
        return value.ValueKind is not JsonValueKind.Null;
    }

    public string? Text(string name)
    {
        if (!Find(name, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.String)
            return value.GetString();
        Mistyped(name, "string");
        return null;
    }

    public bool Flag(string name)
    {
        if (!Find(name, out var value))
            return false;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            Mistyped(name, "boolean");
        return value.ValueKind is JsonValueKind.True;
    }

    public long? Whole(string name, long least, long most = long.MaxValue)
    {
        if (!Find(name, out var value))
            return null;
        if (!TryWhole(value, out var number))
            Mistyped(name, "integer");
        else if (number < least || number > most)
            faults.Add($"{Path(name)}: expected an integer from {least} to {most}");
        else
            return number;
        return null;
    }

    /// <summary>The members of a member that is an object; none when it is missing.</summary>
    public BodyFields Nested(string name)
    {
        if (Find(name, out var value) && value.ValueKind is not JsonValueKind.Object)
            Mistyped(name, "object");
        return new BodyFields(value, Path(name), faults, isProto);
    }

    /// <summary>The items of a member that is an array; none when it is missing.</summary>
    public IEnumerable<JsonElement> Items(string name)
    {
        if (!Find(name, out var value))
            return [];
        if (value.ValueKind is JsonValueKind.Array)
            return value.EnumerateArray();
        Mistyped(name, "list");
        return [];
    }

    public BodyFields Of(JsonElement item) => new(item, path, faults, isProto);

    public void Refuse(string fault) => faults.Add(fault);

    private void Mistyped(string name, string expected) => faults.Add($"{Path(name)}: Input should be a valid {expected}");

    private string Path(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private bool TryWhole(JsonElement value, out long number)
    {
        number = 0;
        if (value.ValueKind is JsonValueKind.Number)
            return value.TryGetInt64(out number) || (isProto && value.TryGetDecimal(out var exact) && IsWhole(exact, out number));
        return isProto && value.ValueKind is JsonValueKind.String
            && decimal.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var written)
            && IsWhole(written, out number);
    }

    private static bool IsWhole(decimal value, out long number)
    {
        var isWhole = decimal.IsInteger(value) && value is >= long.MinValue and <= long.MaxValue;
        number = isWhole ? (long)value : 0;
        return isWhole;
    }

    private static string Snake(string name)
    {
        var snake = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter))
                snake.Append('_').Append(char.ToLowerInvariant(letter));
            else
                snake.Append(letter);
        }
        return snake.ToString();
    }
}
