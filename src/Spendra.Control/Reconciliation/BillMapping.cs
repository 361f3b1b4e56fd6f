using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>What bills come as.</summary>
public static class BillFormats
{
    /// <summary>Pages of OpenAI's <c>/v1/organization/costs</c>, grouped by line item; pages of its usage add the quantities.</summary>
    public const string OpenAiCosts = "openai_costs";

    /// <summary>Pages of Anthropic's <c>/v1/organizations/cost_report</c>, grouped by description; pages of its usage report add the quantities.</summary>
    public const string AnthropicCosts = "anthropic_costs";

    /// <summary>OpenRouter's <c>/activity</c>.</summary>
    public const string OpenRouterActivity = "openrouter_activity";

    /// <summary>Answers of OpenRouter's <c>/generation</c>, one after the other.</summary>
    public const string OpenRouterGenerations = "openrouter_generations";

    /// <summary>A cost export of Azure.</summary>
    public const string AzureCsv = "azure_csv";

    /// <summary>A billing export of Google Cloud as CSV.</summary>
    public const string GoogleCsv = "google_csv";

    /// <summary>A billing export of Google Cloud as JSON Lines.</summary>
    public const string GoogleJsonLines = "google_jsonl";

    /// <summary>A FOCUS 1.x file.</summary>
    public const string FocusCsv = "focus_csv";

    /// <summary>Any CSV file, by the columns that a mapping names.</summary>
    public const string Csv = "csv";

    public static IReadOnlyList<string> All { get; } =
        [OpenAiCosts, AnthropicCosts, OpenRouterActivity, OpenRouterGenerations, AzureCsv, GoogleCsv, GoogleJsonLines, FocusCsv, Csv];
}

/// <summary>How a bill is read where its format leaves that open.</summary>
public sealed record BillMapping
{
    /// <summary>The column of the day, or of the instant that usage began.</summary>
    [Plain]
    public string? Day { get; init; }

    /// <summary>The column of the model.</summary>
    [Plain]
    public string? Model { get; init; }

    /// <summary>The column of the class; without one each line is all that its model did.</summary>
    [Plain]
    public string? Class { get; init; }

    /// <summary>The column of the units.</summary>
    [Plain]
    public string? Quantity { get; init; }

    /// <summary>The column of what the units are counted in: <c>1K</c>, <c>1M</c>.</summary>
    [Plain]
    public string? Unit { get; init; }

    /// <summary>The column of the amount.</summary>
    [Plain]
    public string? Amount { get; init; }

    /// <summary>The column of the currency; without one all is US dollars.</summary>
    [Plain]
    public string? Currency { get; init; }

    /// <summary>True when amounts are in cents.</summary>
    public bool IsInCents { get; init; }

    /// <summary>Which model a text of the bill means. Texts that are not named are models themselves.</summary>
    [TextMap]
    public IReadOnlyDictionary<string, string>? Models { get; init; }

    /// <summary>Which class a text of the bill means: <c>input</c>, <c>cached_input</c>, <c>cache_write</c>, <c>output</c>, <c>images</c> and so on.</summary>
    [ClassMap]
    public IReadOnlyDictionary<string, string>? Classes { get; init; }

    /// <summary>Only lines that have these values in these columns are the account's.</summary>
    [TextMap]
    public IReadOnlyDictionary<string, string>? Only { get; init; }

    /// <summary>Reads a mapping as the management API has it in a body; null when the text is none.</summary>
    public static BillMapping? Parse(string json)
    {
        try
        {
            var mapping = JsonSerializer.Deserialize<BillMapping>(json, ControlJson.Options);
            return mapping is not null && Validator.TryValidateObject(mapping, new ValidationContext(mapping), null, validateAllProperties: true) ? mapping : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Text of a file to text, within limits.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TextMapAttribute() : ValidationAttribute("expected at most 1000 pairs of texts of 1 to 300 characters without control characters")
{
    public override bool IsValid(object? value) => value is null || (value is IReadOnlyDictionary<string, string> map && map.Count <= 1_000
        && map.All(p => p.Value is not null && PlainText.Matches(p.Key, 300) && PlainText.Matches(p.Value, 300)));
}

/// <summary>Text of a file to the name of a class.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ClassMapAttribute() : ValidationAttribute($"expected at most 1000 texts, each with one of {string.Join(", ", BilledClasses.Names)}")
{
    private static readonly FrozenSet<string> Known = BilledClasses.Names.ToFrozenSet(StringComparer.Ordinal);

    public override bool IsValid(object? value) => value is null || (value is IReadOnlyDictionary<string, string> map && map.Count <= 1_000
        && map.All(p => PlainText.Matches(p.Key, 300) && p.Value is not null && Known.Contains(p.Value)));
}
