using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Spendra.Sandbox.Directives;

/// <summary>
/// One entry of Anthropic's <c>usage.iterations</c>, written <c>type:input:output[:model[:cache_read[:cache_write]]]</c>.
/// Without a model it is the one that is reported for the whole call.
/// </summary>
internal sealed record IterationKnob(string Type, Int128 Input, Int128 Output, string? Model, Int128 CacheRead, Int128 CacheWrite)
{
    /// <summary>Reads entries that are parted by commas.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out IReadOnlyList<IterationKnob>? iterations)
    {
        var read = new List<IterationKnob>();
        iterations = null;
        foreach (var entry in text.ToString().Split(','))
        {
            if (!TryParseOne(entry.Split(':'), out var iteration))
                return false;
            read.Add(iteration);
        }
        iterations = read;
        return true;
    }

    private static bool TryParseOne(string[] parts, [NotNullWhen(true)] out IterationKnob? iteration)
    {
        iteration = null;
        if (parts.Length is < 3 or > 6 || parts[0].Length == 0)
            return false;
        if (!Number(parts, 1, out var input) || !Number(parts, 2, out var output))
            return false;
        if (!Number(parts, 4, out var read) || !Number(parts, 5, out var written))
            return false;
        iteration = new IterationKnob(parts[0], input, output, parts.ElementAtOrDefault(3) is { Length: > 0 } model ? model : null, read, written);
        return true;
    }

    /// <summary>A part that is not there is zero.</summary>
    private static bool Number(string[] parts, int index, out Int128 number)
    {
        number = 0;
        return index >= parts.Length
            || (Int128.TryParse(parts[index], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
                && KnobsText.IsReportable(number));
    }
}
