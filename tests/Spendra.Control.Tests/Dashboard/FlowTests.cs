using Spendra.Control.Dashboard.Charts;
using Spendra.Control.Reports;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>Money that flows from providers through models to teams: what comes in goes out, and where it is drawn.</summary>
public sealed class FlowTests
{
    [Fact]
    public async Task What_comes_into_a_model_goes_to_teams_and_the_number_of_reports_has_an_end()
    {
        var reports = 0;
        var flows = await FlowReading.ReadAsync((by, provider, model) =>
        {
            reports++;
            return Task.FromResult<IReadOnlyList<UsageSum>>((by, model) switch
            {
                ("provider", _) => [.. Enumerable.Range(0, 7).Select(i => ExplorationTests.Sum($"provider-{i}", 700 - i * 100))],
                ("model", _) => [.. Enumerable.Range(0, 10).Select(i => ExplorationTests.Sum($"{provider}-model-{i}", Whole(provider) / 10))],
                // A tenth of every model belongs to no team.
                ("team", null) => [ExplorationTests.Sum("team/search", Whole(provider) * 6 / 10), ExplorationTests.Sum("team/ads", Whole(provider) * 3 / 10)],
                _ => [ExplorationTests.Sum("team/search", Whole(provider) * 6 / 100), ExplorationTests.Sum("team/ads", Whole(provider) * 3 / 100)],
            });
        });

        reports.Should().BeLessThanOrEqualTo(1 + 5 + 8 + 5);
        NanoUsd Of(IEnumerable<ChartFlow> some) => some.Aggregate(NanoUsd.Zero, (sum, f) => sum + f.Amount);
        Of(flows.Where(f => f.Stage == 0)).Should().Be(NanoUsd.FromUsd(2_800));
        foreach (var provider in flows.Where(f => f.Stage == 0 && f.From != FlowReading.OtherProviders).GroupBy(f => f.From))
            Of(provider).Should().Be(NanoUsd.FromUsd(Whole(provider.Key)), provider.Key);
        foreach (var model in flows.Where(f => f.Stage == 1).GroupBy(f => (f.From, f.Origin)))
            Of(model).Should().Be(Of(flows.Where(f => f.Stage == 0 && f.To == model.Key.From && f.From == model.Key.Origin)), model.Key.From);
        Of(flows.Where(f => f.To == FlowReading.NoTeam)).Should().Be(NanoUsd.FromUsd(250));

        static long Whole(string? provider) => 700 - (provider![^1] - '0') * 100;
    }

    [Fact]
    public void Things_are_as_high_as_what_flows_and_none_covers_another()
    {
        ChartFlow[] flows =
        [
            Flow(0, "openai", "luna", "openai", 60), Flow(0, "openai", "mini", "openai", 30), Flow(0, "anthropic", "sonnet", "anthropic", 10),
            Flow(1, "luna", "team/search", "openai", 60), Flow(1, "mini", "team/ads", "openai", 30), Flow(1, "sonnet", "team/ads", "anthropic", 10),
        ];

        var layout = FlowLayout.Of(flows);

        layout.Ribbons.Should().HaveCount(6);
        foreach (var column in layout.Nodes.GroupBy(n => n.Column))
        {
            column.Sum(n => n.Amount.Value).Should().Be(NanoUsd.FromUsd(100).Value);
            var placed = column.OrderBy(n => n.Y).ToList();
            for (var i = 1; i < placed.Count; i++) placed[i].Y.Should().BeGreaterThan(placed[i - 1].Y + placed[i - 1].Height);
            (placed[^1].Y + placed[^1].Height).Should().BeLessThanOrEqualTo(FlowLayout.Height + 0.001);
        }
        var (first, second) = (layout.Nodes.Single(n => n.Name == "luna"), layout.Nodes.Single(n => n.Name == "mini"));
        (first.Height / second.Height).Should().BeApproximately(2, 0.001);
        layout.Nodes.Single(n => n.Name == "team/ads").Origin.Should().BeNull("it is paid from both");
        layout.Nodes.Single(n => n.Name == "team/search").Origin.Should().Be("openai");
        FlowLayout.Of([]).Nodes.Should().BeEmpty();
    }

    [Fact]
    public void Labels_move_apart_as_little_as_it_takes_and_stay_inside()
    {
        LabelPlaces.Spread([10, 12, 100], 14, 180).Should().Equal(10, 24, 100);
        LabelPlaces.Spread([170, 175, 180], 14, 180).Should().Equal(152, 166, 180);
        LabelPlaces.Spread([], 14, 180).Should().BeEmpty();
    }

    private static ChartFlow Flow(int stage, string from, string to, string origin, long usd) => new(stage, from, to, origin, NanoUsd.FromUsd(usd));
}
