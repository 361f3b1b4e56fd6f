using System.Globalization;
using Spendra.Storage;

namespace Spendra.Control.Dashboard.Parts;

/// <summary>What is typed or chosen in a filter.</summary>
public enum FilterKind
{
    Text,
    Choice,
    /// <summary>Midnight of a day in UTC.</summary>
    Day,
    /// <summary>An instant in UTC.</summary>
    Instant,
}

/// <summary>A filter above a list. What it is set to is a parameter of the address.</summary>
/// <param name="Name">Of the parameter.</param>
/// <param name="Label">As people read it.</param>
/// <param name="Kind">How it is typed.</param>
public sealed record FilterField(string Name, string Label, FilterKind Kind = FilterKind.Text)
{
    /// <summary>What may be chosen.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What not to choose is called; null where something is always chosen, at first the first choice.</summary>
    public string? Any { get; init; } = "any";

    /// <summary>What an input shows of a parameter.</summary>
    public string Typed(string? parameter) => Kind switch
    {
        FilterKind.Day => At(parameter)?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "",
        FilterKind.Instant => At(parameter)?.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) ?? "",
        FilterKind.Choice when string.IsNullOrEmpty(parameter) && Any is null => Choices[0],
        _ => parameter ?? "",
    };

    /// <summary>The parameter of what was typed; null for nothing, which is left out of the address.</summary>
    public string? Parameter(string? typed) => QueryText.OrNull(typed) is not { } text ? null : Kind switch
    {
        FilterKind.Day or FilterKind.Instant => DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            ? at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : text,
        FilterKind.Choice when Any is null && text == Choices[0] => null,
        _ => text,
    };

    private static DateTime? At(string? parameter) => parameter is not null && InstantText.TryParse(parameter, out var micros) ? Micros.ToInstant(micros).UtcDateTime : null;
}
