using System.Text.Encodings.Web;
using System.Text.Json;
using Spendra.Core.Access;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Governance;

/// <summary>One field of a change. Null means absent; secrets never appear.</summary>
public sealed record FieldChange(string Field, string? Before, string? After);

/// <summary>
/// A row as people read it: fields in the words of the file, references by name, amounts as exact decimals. Two
/// rows are the same exactly when their descriptions are; plans and audit records show nothing else, so a secret
/// that is not described here cannot leak there.
/// </summary>
public sealed record Description(IReadOnlyList<(string Field, string? Value)> Fields)
{
    private const string IdField = "id";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.Default };

    public static Description Of(OrganizationRow row) => new(
        [("name", row.Name), ("currency", row.Currency), ("timeZone", row.TimeZone)]);

    public static Description Of(ScopeRow row, Func<Guid, string> nameOf) => new(
    [
        ("name", row.Scope.Name),
        (ParentField(row.Scope.Kind), row.Scope.ParentId is { } parent ? nameOf(parent) : null),
        ("email", row.Email),
        ("projects", row.ProjectIds.IsEmpty ? null : List(row.ProjectIds.Select(nameOf).Order(StringComparer.Ordinal))),
    ]);

    /// <param name="row">The account.</param>
    /// <param name="credential">What may be said about its credential.</param>
    public static Description Of(ProviderAccount row, string credential) => new(
        [
        ("provider", row.Provider), ("baseUrl", row.BaseUrl), ("credential", credential),
        .. row.Settings.Deployments.Select(d => ($"deployments.{d.Key}", (string?)d.Value)),
        ("ratePercent", row.Settings.RatePercent == Cost.DefaultTierPercent ? null : row.Settings.RatePercent.ToString()),
        ("trustsCost", row.Settings.TrustsCost ? "true" : null),
        ("vectorStores", row.Settings.VectorStores.IsEmpty ? null : string.Join(", ", row.Settings.VectorStores)),
        ("countsTokens", row.Settings.CountsTokens ? null : "false"),
    ]);

    /// <summary>All that its row says, so that the row can be compared with its record.</summary>
    public static Description Of(AdjustmentRow row) => new(
    [
        ("request", row.ReservationId?.ToString()), ("account", row.Account), ("accountId", row.AccountId.ToString()),
        ("differenceUsd", row.Difference.ToString()), ("afterEvent", row.AfterEvent?.ToString()), ("reason", row.Reason),
        ("month", row.Month), ("bookedMonth", row.BookedMonth), ("proposedAt", InstantText.Of(row.ProposedAt)), ("proposedBy", row.ProposedBy), ("proposerId", row.ProposerId.ToString()),
        ("state", row.Decision ?? "open"), ("decidedAt", row.DecidedAt is { } at ? InstantText.Of(at) : null), ("decidedBy", row.DecidedBy),
        ("deciderId", row.DeciderId?.ToString()), ("entry", row.EntrySequence?.ToString()), ("event", row.EventNumber?.ToString()),
        ("version", row.Version.ToString()),
    ]);

    public static Description Of(PriceVersion row) => new(
    [
        .. Card("", row.Rates),
        ("effectiveFrom", row.EffectiveFrom == 0 ? null : InstantText.Of(row.EffectiveFrom)),
        ("effectiveTo", row.EffectiveTo is { } end ? InstantText.Of(end) : null),
        ("contextWindow", row.ContextWindow?.ToString()),
        ("maxOutput", row.MaxOutput?.ToString()),
        ("longContext.aboveInputTokens", row.LongContext?.AboveInputUnits.ToString()),
        .. row.LongContext is { } band ? Card("longContext.", band.Rates) : [],
        .. row.TierPercents.Select(t => ($"tiers.{t.Key}", (string?)t.Value.ToString())),
    ]);

    public static Description Of(Budget row, Func<Guid, string> nameOf) => new(
    [
        ("scope", nameOf(row.ScopeId)),
        ("amountUsd", row.Amount.ToString()),
        .. row.Increases.Select(i => ($"increases.{i.IncreaseId}", (string?)$"{i.Amount} until {InstantText.Of(i.Until)}")),
        ("period", GovernanceNames.Of(row.Period.Kind)),
        ("timeZone", row.Zone.Id),
        ("weekStart", row.Period.Kind == PeriodKind.Week ? GovernanceNames.Of(row.Period.WeekStart) : null),
        ("fiscalStartMonth", row.Period.Kind is PeriodKind.Quarter or PeriodKind.Year ? row.Period.FiscalStartMonth.ToString() : null),
        ("from", row.Period.RangeStart?.ToString("yyyy-MM-dd")),
        ("to", row.Period.RangeEnd?.AddDays(-1).ToString("yyyy-MM-dd")),
    ]);

    public static Description Of(Policy row, Func<Guid, string> nameOf) => new(
    [
        ("kind", GovernanceNames.Of(row.Kind)),
        ("scope", nameOf(row.ScopeId)),
        ("budget", row.BudgetId is { } budget ? nameOf(budget) : null),
        .. Names("allowed.", row.Allowed),
        ("onDenied", row.StripsTools ? "strip" : null),
        .. Names("filter.", row.Filter),
        ("thresholdsPercent", row.ThresholdPercents.IsDefaultOrEmpty ? null : string.Join(", ", row.ThresholdPercents)),
        ("aboveUsd", row.Kind == PolicyKind.Review ? row.ReviewAbove.ToString() : null),
        ("onExceed", row.OnlyFlags ? "flag" : null),
        .. row.Approvals.Select(a => ($"approvals.{a.RequestId}", (string?)$"key {a.KeyId} up to {a.Ceiling} until {InstantText.Of(a.Until)}")),
        ("maxRequestUsd", row.MaxRequest?.ToString()),
        ("maxOutputTokens", row.MaxOutputTokens?.ToString()),
        ("maxConcurrent", row.MaxConcurrent?.ToString()),
    ]);

    public static Description Of(ScopedKey row, Func<Guid, string> nameOf) => new(
    [
        (IdField, KeyToken.DisplayName(row.Mode, row.KeyId)),
        ("actor", nameOf(row.ActorId)),
        ("project", row.ProjectId is { } project ? nameOf(project) : null),
        ("providers", List(row.Providers)),
        ("models", List(row.Models)),
        ("tools", List(row.Tools)),
        ("environment", row.Environment),
        ("maxRequestUsd", row.MaxRequest?.ToString()),
        ("expiresAt", row.ExpiresAt is { } expiry ? InstantText.Of(expiry) : null),
    ]);

    public static Description Of(KeyRule row, Func<Guid, string> nameOf) => new(
    [
        ("scope", nameOf(row.ScopeId)),
        ("maxLiveKeys", row.MaxLiveKeys?.ToString()),
        ("providers", List(row.Providers)),
        ("models", List(row.Models)),
        ("tools", List(row.Tools)),
        ("maxRequestUsd", row.MaxRequest?.ToString()),
        ("longestLifeDays", row.LongestLifeDays?.ToString()),
    ]);

    /// <summary>The description with one more field.</summary>
    public Description With(string field, string? value) => new([.. Fields, (field, value)]);

    /// <summary>
    /// Fields that differ; all of them when there is nothing before. Ids are left out: a plan's new ids are not yet
    /// those that applying it will give.
    /// </summary>
    public static IReadOnlyList<FieldChange> Differences(Description? before, Description? after)
    {
        var old = before?.Present() ?? [];
        var now = after?.Present() ?? [];
        var names = old.Keys.Concat(now.Keys).Distinct();
        return [.. from name in names
                   let change = new FieldChange(name, old.GetValueOrDefault(name), now.GetValueOrDefault(name))
                   where change.Before != change.After && name != IdField
                   select change];
    }

    /// <summary>The present fields as a JSON object, for the audit record.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Json))
        {
            writer.WriteStartObject();
            foreach (var (field, value) in Fields)
            {
                if (value is not null) writer.WriteString(field, value);
            }
            writer.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private Dictionary<string, string> Present() =>
        Fields.Where(f => f.Value is not null).ToDictionary(f => f.Field, f => f.Value!);

    private static string ParentField(ScopeKind kind) => kind switch
    {
        ScopeKind.Team => "branch",
        ScopeKind.Employee => "team",
        ScopeKind.Agent => "owner",
        ScopeKind.Subagent => "agent",
        ScopeKind.Organization or ScopeKind.Branch or ScopeKind.Project => "parent",
    };

    private static (string, string?)[] Card(string prefix, RateCard card) =>
    [
        ($"{prefix}inputUsdPerMillion", card.Input.ToString()),
        ($"{prefix}cachedInputUsdPerMillion", card.CachedInput.ToString()),
        ($"{prefix}cacheWriteUsdPerMillion", card.CacheWrite.ToString()),
        ($"{prefix}outputUsdPerMillion", card.Output.ToString()),
        .. card.Others.Select(o => ($"{prefix}unitUsdPerMillion.{UnitClasses.NameOf(o.Class)}", (string?)o.Value.ToString())),
    ];

    private static (string, string?)[] Names(string prefix, PolicyFilter filter) =>
    [
        ($"{prefix}providers", List(filter.Providers)),
        ($"{prefix}models", List(filter.Models)),
        ($"{prefix}tools", List(filter.Tools)),
        ($"{prefix}environments", List(filter.Environments)),
    ];

    private static string? List(NameSet names) => names.IsUnrestricted ? null : List(names.Names);

    // As JSON: a name may itself hold a comma.
    private static string List(IEnumerable<string> names) =>
        JsonSerializer.Serialize([.. names], DescriptionJson.Default.StringArray);
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class DescriptionJson : System.Text.Json.Serialization.JsonSerializerContext;
