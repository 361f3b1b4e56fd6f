using Spendra.Control.Dashboard.Charts;
using Spendra.Control.Reports;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>Reports put together: nothing is lost between the table, its total and the drawing.</summary>
public sealed class ExplorationTests
{
    private static readonly DateTime Day = new(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void Every_amount_is_in_the_table_in_its_total_and_in_one_series()
    {
        string?[] names = [.. Enumerable.Range(0, 9).Select(i => $"model-{i}"), null];
        var parts = names.SelectMany((n, i) => new[] { Sum(n, i + 1), Sum(n, 10, Day.AddDays(1)) }).ToList();
        var now = names.Select((n, i) => Sum(n, i + 11)).ToList();

        var shown = Exploration.Of([Day, Day.AddDays(1)], now, [Sum("model-3", 4), Sum("gone", 2)], parts, isOfProviders: false);

        shown.Total.Now.Should().Be(NanoUsd.FromUsd(now.Sum(n => n.CostUsd.Value) / NanoUsd.PerUsd));
        shown.Series.SelectMany(s => s.Amounts).Aggregate(NanoUsd.Zero, (a, b) => a + b).Should().Be(shown.Total.Now);
        shown.Series.Select(s => s.Name).Should().Equal("model-8", "model-7", "model-6", "model-5", "model-4", "model-3", Exploration.Others);
        shown.Series.Select(s => s.Colour).Should().Equal(1, 2, 3, 4, 5, 6, 7);
        shown.Groups[0].Name.Should().BeNull("what belongs to nothing is a row like others, and is the dearest here");
        shown.Groups.Single(g => g.Name == "model-3").Change.Should().Be(NanoUsd.FromUsd(10));
        shown.Groups.Single(g => g.Name == "gone").Should().Match<ExploredGroup>(g => g.Now == NanoUsd.Zero && g.Before == NanoUsd.FromUsd(2));
        shown.Total.Before.Should().Be(NanoUsd.FromUsd(6));
    }

    [Fact]
    public void Of_readings_that_were_stopped_only_what_both_tell_of_is_listed()
    {
        IReadOnlyList<UsageSum> now = [Sum("a", 1), Sum("c", 1), Sum("d", 1)], before = [Sum("a", 2), Sum("b", 2), Sum(null, 2)];

        Names(Exploration.Listed(now, before, most: 3)).Should().Be("a c d, a b ");
        Names(Exploration.Listed(now, [.. before.Take(2)], most: 2)).Should().Be("a c, a", "what the time before had of others that were not reached now is not known to have ended");
        Names(Exploration.Listed([.. now.Take(2)], before, most: 2)).Should().Be("a, a b", "c may be no newcomer");

        static string Names((IReadOnlyList<UsageSum> Now, IReadOnlyList<UsageSum> Before) listed) =>
            $"{string.Join(' ', listed.Now.Select(s => s.Group))}, {string.Join(' ', listed.Before.Select(s => s.Group))}";
    }

    [Fact]
    public void All_together_is_one_series_and_rows_of_no_step_are_left_out()
    {
        var shown = Exploration.Of([Day], [Sum(null, 3)], [], [Sum(null, 3), Sum(null, 9, Day.AddDays(5))], isOfProviders: false);

        shown.Series.Should().ContainSingle().Which.Should().Match<ChartSeries>(s => s.Name == "all" && s.Amounts[0] == NanoUsd.FromUsd(3));
    }

    [Fact]
    public void A_file_has_exact_amounts_and_names_that_no_table_calculates_with()
    {
        var shown = Exploration.Of([Day], [Sum("=1+1", 2), Sum("a,\"b\"", 1)], [], [], isOfProviders: false);

        shown.ToCsv("model").Should().Be("model,cost_usd,before_usd,requests,tokens_in,tokens_out\r\n'=1+1,2,0,1,6,4\r\n\"a,\"\"b\"\"\",1,0,1,6,4\r\n");
    }

    [Fact]
    public void A_provider_has_its_colour_whatever_is_drawn_beside_it()
    {
        ProviderColours.Of(["openai"])["openai"].Should().Be(ProviderColours.Of(["anthropic", "openai", "another"])["openai"]);
        // These three would have one colour by their names alone.
        var many = ProviderColours.Of(["openai", "anthropic", "google", "a", "d", "g"]);
        many.Values.Should().OnlyHaveUniqueItems().And.OnlyContain(c => c >= 1 && c < ProviderColours.Rest);
        ProviderColours.Of([.. many.Keys, "seventh"]).Should().HaveCount(7);
    }

    internal static UsageSum Sum(string? group, long usd, DateTime? at = null) => new(
        at ?? Day, group, NanoUsd.FromUsd(usd), NanoUsd.Zero, 1, 0, 0, NanoUsd.Zero, NanoUsd.Zero, NanoUsd.Zero, 1, 2, 3, 4, 0);
}
