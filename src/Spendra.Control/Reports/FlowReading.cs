using Spendra.Control.Dashboard.Charts;
using Spendra.Core.Money;

namespace Spendra.Control.Reports;

/// <summary>
/// How money flows from providers through models to teams. A report is by one thing: models are asked for of each of the dearest
/// providers, and teams of each of the dearest models, so that the number of reports has an end.
/// </summary>
internal static class FlowReading
{
    public const string OtherProviders = "other providers";
    public const string OtherModels = "other models";
    public const string NoTeam = "no team";

    private const int MostProviders = 5;
    private const int MostModels = 8;
    private const int MostTeams = 8;

    /// <param name="read">The sums by something, of a provider and a model where these are given, the dearest first.</param>
    public static async Task<IReadOnlyList<ChartFlow>> ReadAsync(Func<string, string?, string?, Task<IReadOnlyList<UsageSum>>> read)
    {
        var flows = new List<ChartFlow>();
        var providers = Paid(await read("provider", null, null));
        var pairs = new List<(string Provider, UsageSum Model)>();
        foreach (var provider in providers.Take(MostProviders))
            pairs.AddRange(Paid(await read("model", provider.Group, null)).Select(m => (provider.Group ?? "", m)));
        var drawn = pairs.OrderByDescending(p => p.Model.CostUsd).Take(MostModels).ToList();
        foreach (var (provider, model) in drawn)
        {
            var name = model.Group ?? "";
            flows.Add(new ChartFlow(0, provider, name, provider, model.CostUsd));
            AddTeams(flows, name, provider, model.CostUsd, await read("team", provider, name));
        }
        foreach (var provider in providers.Take(MostProviders))
        {
            var name = provider.Group ?? "";
            if (pairs.Count(p => p.Provider == name) == drawn.Count(p => p.Provider == name)) continue;
            var left = Sum(pairs.Where(p => p.Provider == name)) - Sum(drawn.Where(p => p.Provider == name));
            var teams = (await read("team", name, null)).ToDictionary(t => t.Group ?? "", t => t.CostUsd, StringComparer.Ordinal);
            foreach (var shown in flows.Where(f => f.Stage == 1 && f.Origin == name && f.To != NoTeam)) teams[shown.To] = teams.GetValueOrDefault(shown.To) - shown.Amount;
            flows.Add(new ChartFlow(0, name, OtherModels, name, left));
            AddTeams(flows, OtherModels, name, left, [.. teams.Select(t => (t.Key, t.Value))]);
        }
        var rest = providers.Skip(MostProviders).Aggregate(NanoUsd.Zero, (sum, p) => sum + p.CostUsd);
        if (rest > NanoUsd.Zero) flows.Add(new ChartFlow(0, OtherProviders, OtherModels, OtherProviders, rest));
        return Gather(flows);
    }

    private static void AddTeams(List<ChartFlow> flows, string model, string provider, NanoUsd whole, IReadOnlyList<UsageSum> teams) =>
        AddTeams(flows, model, provider, whole, [.. teams.Select(t => (t.Group ?? "", t.CostUsd))]);

    private static void AddTeams(List<ChartFlow> flows, string model, string provider, NanoUsd whole, IReadOnlyList<(string Name, NanoUsd Cost)> teams)
    {
        var left = whole;
        foreach (var (team, cost) in teams.Where(t => t.Name.Length > 0 && t.Cost > NanoUsd.Zero))
        {
            flows.Add(new ChartFlow(1, model, team, provider, cost));
            left -= cost;
        }
        // What belongs to a project or an employee without a team.
        if (left > NanoUsd.Zero) flows.Add(new ChartFlow(1, model, NoTeam, provider, left));
    }

    // Teams beyond what can be read are one.
    private static List<ChartFlow> Gather(List<ChartFlow> flows)
    {
        var shown = flows.Where(f => f.Stage == 1 && f.To != NoTeam).GroupBy(f => f.To, StringComparer.Ordinal)
            .OrderByDescending(g => g.Sum(f => (decimal)f.Amount.Value)).Take(MostTeams).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. flows.Select(f => f.Stage == 0 || f.To == NoTeam || shown.Contains(f.To) ? f : f with { To = "other teams" })
                .GroupBy(f => (f.Stage, f.From, f.To, f.Origin)).Select(g => g.First() with { Amount = g.Aggregate(NanoUsd.Zero, (sum, f) => sum + f.Amount) }),
        ];
    }

    private static List<UsageSum> Paid(IReadOnlyList<UsageSum> sums) => [.. sums.Where(s => s.CostUsd > NanoUsd.Zero)];

    private static NanoUsd Sum(IEnumerable<(string Provider, UsageSum Model)> pairs) => pairs.Aggregate(NanoUsd.Zero, (sum, p) => sum + p.Model.CostUsd);
}
