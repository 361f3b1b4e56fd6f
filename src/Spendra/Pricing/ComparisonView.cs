using Spendra.Cli;
using Spendra.Control.Catalog;
using Spendra.Storage.Governance;

namespace Spendra.Pricing;

/// <summary>One difference as <c>--json</c> prints it.</summary>
internal sealed record DifferenceRow(string Kind, string Provider, string Model, string? EffectiveFrom, IReadOnlyList<FieldChange> Fields)
{
    public static IReadOnlyList<DifferenceRow> Of(IEnumerable<PriceDifference> differences) =>
        [.. differences.Select(d => new DifferenceRow(d.Kind.ToString().ToLowerInvariant(), d.Provider, d.Model, d.EffectiveFrom, d.Fields))];
}

internal sealed record ComparisonDocument(
    string Source, IReadOnlyList<DifferenceRow> Differences, int Unchanged, IReadOnlyList<string> NotOffered,
    IReadOnlyList<SkippedModel> Skipped, Guid? ProposalId, long? Epoch);

/// <summary>How differences between offered prices and the book are shown.</summary>
internal static class ComparisonView
{
    private const int MostNames = 5;

    public static void Show(CommandOutput output, PriceComparison comparison, IReadOnlyList<SkippedModel> skipped)
    {
        Show(output, comparison.Differences);
        foreach (var model in skipped) output.Line($"! skipped {model.Model}: {model.Reason}");
        if (comparison.NotOffered.Count > 0)
        {
            var more = comparison.NotOffered.Count > MostNames ? ", …" : "";
            output.Line($"= {comparison.NotOffered.Count} prices are not offered and stay: {string.Join(", ", comparison.NotOffered.Take(MostNames))}{more}");
        }
        output.Line($"{comparison.Differences.Count(d => d.Kind != PriceDifferenceKind.Kept)} differ, {comparison.Unchanged} as in the book");
    }

    public static void Show(CommandOutput output, IEnumerable<PriceDifference> differences)
    {
        foreach (var difference in differences)
        {
            var when = difference.EffectiveFrom is { } from ? $" from {from}" : "";
            output.Line($"{Mark(difference.Kind)} {difference.Provider}/{difference.Model}{when}");
            foreach (var field in difference.Fields)
            {
                output.Line(difference.Kind == PriceDifferenceKind.New
                    ? $"    {field.Field}: {field.After}"
                    : $"    {field.Field}: {field.Before ?? "(none)"} → {field.After ?? "(none)"}");
            }
        }
    }

    private static string Mark(PriceDifferenceKind kind) => kind switch
    {
        PriceDifferenceKind.New => "+ new",
        PriceDifferenceKind.Changed => "~ changed",
        PriceDifferenceKind.Kept => "= declared, kept",
    };
}
