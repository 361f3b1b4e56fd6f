using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Charts;
using Spendra.Control.Dashboard.Parts;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Control.Reports;

/// <summary>Spend by anything it has, over any time, beside the time before.</summary>
public sealed partial class ExplorePage
{
    private const int DefaultDays = 30;
    private const int RowsOfPage = 200;
    // Beyond that many rows neither a drawing nor a table says more.
    private const int MostParts = 5_000;

    private static readonly string[] Dimensions =
        ["provider", "model", "account", "environment", "key", "branch", "team", "project", "employee", "agent", "subagent", "none"];

    private static readonly string[] FlowHeads = ["Provider", "Model", "Team"];

    private static readonly FilterField[] Filters =
    [
        new("by", "By", FilterKind.Choice) { Choices = Dimensions, Any = null },
        new("span", "A column for each", FilterKind.Choice) { Choices = ["day", "hour"], Any = null },
        new("from", "From, UTC", FilterKind.Day), new("to", "Before, UTC", FilterKind.Day), new("scope", "Scope"), new("key", "Key"),
        new("provider", "Provider"), new("model", "Model"), new("account", "Provider account"), new("environment", "Environment"),
    ];

    private DateTime _from, _to;
    private IReadOnlyList<string> _stepNames = [];
    private Exploration? _shown;
    private ExploredGroup _total = new(null, 0, NanoUsd.Zero, NanoUsd.Zero, 0, 0, 0);
    private IReadOnlyList<NanoUsd>? _before;
    private NanoUsd? _unlisted;
    private IReadOnlyList<ChartFlow> _flows = [];
    private IReadOnlyDictionary<string, int> _colours = new Dictionary<string, int>();
    private bool _isTooMuch, _isRebuilding;
    private DateTime _countedTo;
    private string _file = "", _fileName = "";

    [SupplyParameterFromQuery]
    public string? By { get; set; }

    [SupplyParameterFromQuery]
    public string? Span { get; set; }

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

    [SupplyParameterFromQuery]
    public string? Scope { get; set; }

    [SupplyParameterFromQuery]
    public string? Key { get; set; }

    [SupplyParameterFromQuery]
    public string? Provider { get; set; }

    [SupplyParameterFromQuery]
    public string? Model { get; set; }

    [SupplyParameterFromQuery]
    public string? Account { get; set; }

    [SupplyParameterFromQuery]
    public string? Environment { get; set; }

    /// <summary><c>flow</c>, or null for columns over time.</summary>
    [SupplyParameterFromQuery]
    public string? View { get; set; }

    private bool IsFlow => View == "flow";

    private bool IsByHour => Span == "hour";

    private TimeSpan Step => IsByHour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);

    private string ByWord => By switch { null => Dimensions[0], "none" => "nothing: all together", var by => by };

    private string Times => IsByHour ? $"{Hour(_from)} to {Hour(_to)} UTC" : $"{Day(_from)} to {Day(_to.AddTicks(-1))}";

    protected override async Task LoadAsync()
    {
        if (Visitor.In(Organization) is { IsEverywhere: false, Scopes.Count: > 1 } membership && Key is null) Scope ??= membership.Scopes[0];
        Choose();
        if (Problem is not null) return;
        var by = By ?? Dimensions[0];
        var now = await ReadAllAsync(Usage("whole", by, _from, _to));
        var before = await ReadAllAsync(Usage("whole", by, _from - (_to - _from), _from));
        if (now is null || before is null) return;
        if (IsFlow)
        {
            _flows = await FlowReading.ReadAsync(async (group, provider, model) => await ReadAllAsync(Usage("whole", group, _from, _to, provider, model)) ?? []);
            _colours = ProviderColours.Of(_flows.Where(f => f.Stage == 0).Select(f => f.From).Distinct(StringComparer.Ordinal));
        }
        var steps = StepsOf(_from);
        _isTooMuch = (long)now.Count * steps.Count > MostParts;
        var parts = IsFlow ? [] : await ReadAllAsync(Usage(Span ?? "day", _isTooMuch ? "none" : by, _from, _to));
        if (!IsFlow) await LoadBeforeAsync();
        var listed = Exploration.Listed(now, before, MostParts);
        _shown = Exploration.Of(steps, listed.Now, listed.Before, parts ?? [], by == "provider");
        await AddUpAsync(_shown, isAll: now.Count <= MostParts && before.Count <= MostParts);
        _stepNames = [.. steps.Select(step => IsByHour ? Hour(step) : Day(step))];
        _file = "data:text/csv;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(_shown.ToCsv(by)));
        _fileName = $"spend-by-{by}-{_from:yyyyMMdd}-{_to:yyyyMMdd}.csv";
    }

    private void Choose()
    {
        var end = IsByHour ? NowUtc.Date.AddHours(NowUtc.Hour + 1) : NowUtc.Date.AddDays(1);
        _to = Read(To) ?? end;
        _from = Read(From) ?? (IsByHour ? _to.AddDays(-1) : _to.AddDays(-DefaultDays));
    }

    // What is not listed is spend all the same: the total is asked for by itself.
    private async Task AddUpAsync(Exploration shown, bool isAll)
    {
        (_total, _unlisted) = (shown.Total, null);
        if (isAll) return;
        var now = await ReadAllAsync(Usage("whole", Exploration.None, _from, _to));
        var before = await ReadAllAsync(Usage("whole", Exploration.None, _from - (_to - _from), _from));
        if (now is null || before is null) return;
        _total = Exploration.Of([], now, before, [], isOfProviders: false).Total;
        _unlisted = _total.Now - shown.Total.Now;
    }

    private async Task LoadBeforeAsync()
    {
        var sums = (await ReadAllAsync(Usage(Span ?? "day", "none", _from - (_to - _from), _from)) ?? []).ToDictionary(s => s.StartsAt, s => s.CostUsd);
        _before = [.. StepsOf(_from - (_to - _from)).Select(step => sums.GetValueOrDefault(step))];
    }

    // As many pages as it takes, and no more than can be shown: more rows than MostParts say that some are missing.
    private async Task<List<UsageSum>?> ReadAllAsync(string path)
    {
        var rows = new List<UsageSum>();
        for (string? cursor = ""; cursor is not null && rows.Count <= MostParts;)
        {
            if (await ReadAsync<Report<UsageSum>>(cursor.Length == 0 ? path : $"{path}&cursor={cursor}") is not { } page) return null;
            rows.AddRange(page.Items);
            (_countedTo, _isRebuilding, cursor) = (page.CountedTo, page.IsRebuilding, page.Next);
        }
        return rows;
    }

    private string Usage(string span, string by, DateTime from, DateTime to, string? provider = null, string? model = null) => QueryText.Of("reports/usage",
        ("limit", RowsOfPage.ToString(CultureInfo.InvariantCulture)), ("span", span), ("by", by), ("from", At(from)), ("to", At(to)), ("scope", Scope), ("key", Key),
        ("provider", provider ?? Provider), ("model", model ?? Model), ("account", Account), ("environment", Environment));

    private List<DateTime> StepsOf(DateTime from)
    {
        var steps = new List<DateTime>();
        for (var at = from; at < from + (_to - _from); at += Step) steps.Add(at);
        return steps;
    }

    private string WithView(string? view) => Navigation.GetUriWithQueryParameter("view", view);

    // A thing is looked into by what it is made of.
    private string? Deeper(string? name) => (By ?? Dimensions[0], name) switch
    {
        (_, null) or ("none", _) => null,
        ("provider", _) => With(("provider", name), ("by", "model")),
        ("model", _) => With(("model", name), ("by", "team")),
        ("account", _) => With(("account", name), ("by", "model")),
        ("environment", _) => With(("environment", name), ("by", "model")),
        ("key", _) => With(("key", name), ("scope", null), ("by", "model")),
        ("branch", _) => With(("scope", name), ("key", null), ("by", "team")),
        ("team", _) => With(("scope", name), ("key", null), ("by", "employee")),
        _ => With(("scope", name), ("key", null), ("by", "model")),
    };

    private string With(params (string Name, string? Value)[] changes) =>
        Navigation.GetUriWithQueryParameters(changes.ToDictionary(c => c.Name, c => (object?)c.Value));

    // Spend events are found by less than reports are made by.
    private string? Rows(string? name)
    {
        var by = By ?? Dimensions[0];
        if (by is "account" or "environment" || Account is not null || Environment is not null || (name is null && by != "none")) return null;
        return PathOf(QueryText.Of("ledger", ("from", At(_from)), ("to", At(_to)),
            ("provider", by == "provider" ? name : Provider), ("model", by == "model" ? name : Model), ("key", by == "key" ? name : Key),
            ("scope", by is "provider" or "model" or "key" or "none" ? Scope : name)));
    }

    // Less than a cent says so by itself.
    private static string Sign(NanoUsd change) => change > NanoUsd.Zero && char.IsDigit(Amounts.Cents(change)[0]) ? "+" : "";

    private static DateTime? Read(string? text) => text is not null && InstantText.TryParse(text, out var micros) ? Micros.ToInstant(micros).UtcDateTime : null;

    private static string At(DateTime at) => at.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static string Day(DateTime at) => at.ToString("d MMM", CultureInfo.InvariantCulture);

    private static string Hour(DateTime at) => at.ToString("d MMM HH:mm", CultureInfo.InvariantCulture);
}
