using System.Text.Json;
using System.Text.RegularExpressions;

namespace Spendra.Control.Shell;

/// <summary>Says in our words what the JSON reader found, with the field named and without what the caller wrote there.</summary>
internal static partial class JsonProblems
{
    public static Problem Describe(JsonException exception)
    {
        if (UnknownField().Match(exception.Message) is { Success: true } unknown)
            return Problem.Field(unknown.Groups["field"].Value, "is no field of this body");
        if (MissingFields().Match(exception.Message) is { Success: true } missing)
        {
            var fields = missing.Groups["fields"].Value.Split(',').Select(f => f.Trim().Trim('\'')).ToList();
            return Problem.Field(fields[0], "is missing") with
            {
                Errors = Problem.Field(fields[0], "").Errors.Clear().AddRange(fields.Select(f => KeyValuePair.Create<string, string[]>(f, [$"'{f}' is missing."]))),
            };
        }
        var field = exception.Path is { Length: > 2 } path ? path[2..] : null;
        if (exception.Message.StartsWith("expected ", StringComparison.Ordinal) && field is not null)
            return Problem.Field(field, $"is not readable: {exception.Message}");
        return field is null
            ? new Problem(ProblemKind.InvalidRequest, $"The body is not JSON of the shape that this operation reads (line {exception.LineNumber + 1}).")
            : Problem.Field(field, "has the wrong type or form");
    }

    /// <summary>A member's path as the body spells it: <c>Filter.MaxCost</c> is <c>filter.maxCost</c>.</summary>
    public static string FieldOf(string member) => string.Join('.', member.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));

    /// <summary>What a rule says of a member, with the name that the body has for it.</summary>
    /// <param name="member">Its path: <c>Filter.MaxCost</c>.</param>
    /// <param name="text">What the rule says: <c>The field MaxCost must be between 1 and 12.</c></param>
    public static string InWordsOfJson(string member, string text)
    {
        var name = member[(member.LastIndexOf('.') + 1)..].Split('[')[0];
        var spelt = $"'{FieldOf(name)}' ";
        return text.Replace($"The field {name} ", spelt, StringComparison.OrdinalIgnoreCase).Replace($"The {name} field ", spelt, StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex("The JSON property '(?<field>[^']*)' could not be mapped", RegexOptions.NonBacktracking)]
    private static partial Regex UnknownField();

    [GeneratedRegex("missing required properties including: (?<fields>.*)\\.$", RegexOptions.NonBacktracking)]
    private static partial Regex MissingFields();
}
