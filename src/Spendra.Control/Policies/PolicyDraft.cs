using System.Globalization;
using Spendra.Control.Dashboard;
using Spendra.Core.Money;

namespace Spendra.Control.Policies;

/// <summary>A policy as somebody types it.</summary>
internal sealed class PolicyDraft
{
    public static IReadOnlyList<(string Name, string Title)> Kinds { get; } =
    [
        ("hard_cap", "hard cap"), ("soft_cap", "soft cap"), ("alert", "alert"), ("review", "review"), ("allowlist", "allowlist"), ("request_limit", "request limit"),
    ];

    public string Slug { get; set; } = "";
    public string Kind { get; set; } = "hard_cap";
    public string Scope { get; set; } = "";
    public string Budget { get; set; } = "";
    public string Providers { get; set; } = "";
    public string Models { get; set; } = "";
    public string Tools { get; set; } = "";
    public string Environments { get; set; } = "";
    public string Thresholds { get; set; } = "50 80 100";
    public string Above { get; set; } = "";
    public string OnExceed { get; set; } = "hold";
    public string OnDenied { get; set; } = "refuse";
    public string MaxRequest { get; set; } = "";
    public string MaxOutputTokens { get; set; } = "";
    public string MaxConcurrent { get; set; } = "";

    public bool HasBudget => Kind is "hard_cap" or "soft_cap" or "alert";

    public static string TitleOf(string kind) => Kinds.FirstOrDefault(k => k.Name == kind).Title ?? kind;

    public static PolicyDraft Of(PolicyView policy)
    {
        var isAllowlist = policy.Kind == "allowlist";
        return new PolicyDraft
        {
            Slug = policy.Slug, Kind = policy.Kind, Scope = policy.Scope, Budget = policy.Budget ?? "",
            Providers = Text(isAllowlist ? policy.Providers : policy.Filter?.Providers), Models = Text(isAllowlist ? policy.Models : policy.Filter?.Models),
            Tools = Text(isAllowlist ? policy.Tools : policy.Filter?.Tools), Environments = Text(policy.Filter?.Environments),
            Thresholds = string.Join(' ', policy.ThresholdsPercent ?? []), Above = policy.AboveUsd?.ToString() ?? "", OnExceed = policy.OnExceed ?? "hold",
            OnDenied = policy.OnDenied ?? "refuse", MaxRequest = policy.MaxRequestUsd?.ToString() ?? "",
            MaxOutputTokens = policy.MaxOutputTokens?.ToString(CultureInfo.InvariantCulture) ?? "", MaxConcurrent = policy.MaxConcurrent?.ToString(CultureInfo.InvariantCulture) ?? "",
        };
    }

    /// <summary>What is sent for a new policy, or what cannot be read of what was typed.</summary>
    public (NewPolicy? Body, PageProblem? Problem) ToNew() => Read() is var (terms, problem) && terms is null ? (null, problem) : (new NewPolicy
    {
        Slug = Slug.Trim(), Kind = Kind, Scope = terms.Scope, Budget = terms.Budget, Providers = terms.Providers, Models = terms.Models, Tools = terms.Tools,
        Environments = terms.Environments, ThresholdsPercent = terms.ThresholdsPercent, AboveUsd = terms.AboveUsd, OnExceed = terms.OnExceed,
        OnDenied = terms.OnDenied, MaxRequestUsd = terms.MaxRequestUsd, MaxOutputTokens = terms.MaxOutputTokens, MaxConcurrent = terms.MaxConcurrent,
    }, null);

    /// <summary>The same for a policy that is there.</summary>
    public (EditedPolicy? Body, PageProblem? Problem) Read()
    {
        NanoUsd? above = null, most = null;
        if (Kind == "review" && !TryAmount(Above, out above)) return (null, PageProblem.NotAnAmount("aboveUsd"));
        if (Kind == "request_limit" && !TryAmount(MaxRequest, out most)) return (null, PageProblem.NotAnAmount("maxRequestUsd"));
        if (!TryNumbers(Kind == "alert" ? Thresholds : "", out var thresholds)) return (null, NotNumbers("thresholdsPercent"));
        if (!TryNumbers(Kind == "request_limit" ? MaxOutputTokens : "", out var tokens)) return (null, NotNumbers("maxOutputTokens"));
        if (!TryNumbers(Kind == "request_limit" ? MaxConcurrent : "", out var concurrent)) return (null, NotNumbers("maxConcurrent"));
        return (new EditedPolicy
        {
            Scope = QueryText.OrNull(Scope), Budget = HasBudget ? QueryText.OrNull(Budget) : null, Providers = Names(Providers), Models = Names(Models),
            Tools = Names(Tools), Environments = Kind == "allowlist" ? null : Names(Environments), ThresholdsPercent = thresholds.Count == 0 ? null : thresholds,
            AboveUsd = above, OnExceed = Kind == "review" ? OnExceed : null, OnDenied = Kind == "allowlist" && Names(Tools) is not null ? OnDenied : null,
            MaxRequestUsd = most, MaxOutputTokens = tokens.Count == 0 ? null : tokens[0], MaxConcurrent = concurrent.Count == 0 ? null : concurrent[0],
        }, null);
    }

    /// <summary>As it would be, for its sentence.</summary>
    public PolicyView? Preview() => Read().Body is { } terms ? new PolicyView(
        Slug, Kind, terms.Scope ?? "organization", terms.Budget, Kind == "allowlist" ? terms.Providers : null, Kind == "allowlist" ? terms.Models : null,
        Kind == "allowlist" ? terms.Tools : null,
        Kind == "allowlist" ? null : new PolicyFilterBody { Providers = terms.Providers, Models = terms.Models, Tools = terms.Tools, Environments = terms.Environments },
        terms.ThresholdsPercent, terms.AboveUsd, terms.OnExceed, terms.OnDenied, terms.MaxRequestUsd, terms.MaxOutputTokens, terms.MaxConcurrent,
        IsArchived: false, SetBy: null, SetAt: null, Version: null) : null;

    private static PageProblem NotNumbers(string field) => new(400, "This is no whole number.", "Write whole numbers, several parted by spaces.", null)
    {
        Errors = new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = ["is no whole number."] },
    };

    private static bool TryAmount(string text, out NanoUsd? amount)
    {
        amount = null;
        if (QueryText.OrNull(text) is not { } typed) return true;
        if (!NanoUsd.TryParse(typed, out var read)) return false;
        amount = read;
        return true;
    }

    private static bool TryNumbers(string text, out List<int> numbers)
    {
        numbers = [];
        foreach (var part in text.Split([' ', ',', '%'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
            numbers.Add(number);
        }
        return true;
    }

    private static string Text(IReadOnlyList<string>? names) => string.Join(' ', names ?? []);

    private static string[]? Names(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } names ? names : null;
}
