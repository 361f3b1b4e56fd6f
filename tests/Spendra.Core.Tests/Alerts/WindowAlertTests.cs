using System.Collections.Immutable;
using CsCheck;
using Spendra.Core.Alerts;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Alerts;

/// <summary>What budgets have to say about the window that is running.</summary>
public sealed class WindowAlertTests
{
    private const long Day = 86_400_000_000;

    private static readonly Guid ScopeId = new("00000000-0000-8000-8000-000000000001");
    private static readonly WindowSpan Month = new(100 * Day, 130 * Day);
    private static readonly Policy Soft = new() { PolicyId = new("00000000-0000-8000-8000-0000000000a1"), Slug = "soft", Kind = PolicyKind.SoftCap, ScopeId = ScopeId };
    private static readonly Policy Steps = new()
    {
        PolicyId = new("00000000-0000-8000-8000-0000000000a2"), Slug = "steps", Kind = PolicyKind.Alert, ScopeId = ScopeId, ThresholdPercents = [50, 80, 100],
    };

    [Fact]
    public void A_soft_cap_speaks_when_more_than_the_limit_is_spent()
    {
        Of(limit: 100, settled: 100, Soft).Should().NotContain(a => a.Kind == AlertKind.SoftCap);

        var alert = Of(limit: 100, settled: 101, Soft).Single(a => a.Kind == AlertKind.SoftCap);
        alert.Should().Match<StandingAlert>(a => a.Severity == AlertSeverity.Warning && a.ScopeId == ScopeId && a.Subject == "all" && !a.OpensNothing);
        alert.Facts.Should().Equal(new AlertFact("policy", "soft"), new AlertFact("budget", "all"), new AlertFact("settledUsd", "0.000000101"), new AlertFact("limitUsd", "0.0000001"));
    }

    [Fact]
    public void Of_thresholds_that_are_reached_the_highest_is_announced_and_the_others_stand()
    {
        Thresholds(settled: 49).Should().BeEmpty();
        Thresholds(settled: 50).Should().Equal((":50", false, AlertSeverity.Info));
        Thresholds(settled: 80).Should().Equal((":50", true, AlertSeverity.Info), (":80", false, AlertSeverity.Warning));
        Thresholds(settled: 130).Should().Equal((":50", true, AlertSeverity.Info), (":80", true, AlertSeverity.Warning), (":100", false, AlertSeverity.Critical));

        static IEnumerable<(string, bool, AlertSeverity)> Thresholds(long settled) =>
            Of(limit: 100, settled, Steps).Where(a => a.Kind == AlertKind.LimitThreshold).Select(a => (a.Key[a.Key.LastIndexOf(':')..], a.OpensNothing, a.Severity));
    }

    [Fact]
    public void A_budget_of_nothing_that_spent_nothing_has_reached_nothing()
    {
        Of(limit: 0, settled: 0, Steps, Soft).Should().BeEmpty();
        Of(limit: 0, settled: 1, Steps, Soft).Where(a => a.Kind == AlertKind.LimitThreshold && !a.OpensNothing).Should().ContainSingle();
    }

    [Fact]
    public void Other_kinds_of_policies_say_nothing_here()
    {
        foreach (var kind in Enum.GetValues<PolicyKind>().Except([PolicyKind.SoftCap, PolicyKind.Alert]))
            Of(limit: 1, settled: 1_000, Steps with { Kind = kind }).Should().OnlyContain(a => a.Kind == AlertKind.ExhaustionForecast);
    }

    [Fact]
    public void A_forecast_is_raised_when_the_line_ends_above_the_limit_and_held_until_it_is_well_below()
    {
        // A third of the month: what is spent becomes three times as much.
        Forecast(limit: 3_000, settled: 1_000).Should().BeNull();
        var forecast = Forecast(limit: 2_999, settled: 1_000)!;
        forecast.Severity.Should().Be(AlertSeverity.Warning);
        forecast.Facts.Should().Contain(new AlertFact("atEndUsd", "0.000003"));
        forecast.OpensNothing.Should().BeFalse();
        Forecast(limit: 3_000, settled: 1_000, forecast.Key).Should().NotBeNull("it hovers around the limit");
        Forecast(limit: 3_157, settled: 1_000, forecast.Key).Should().NotBeNull();
        Forecast(limit: 3_158, settled: 1_000, forecast.Key).Should().BeNull("3000 are less than 95 % of it");
    }

    [Fact]
    public void Nothing_is_forecast_from_the_first_tenth_of_a_window_nor_of_what_is_spent_already()
    {
        Forecast(limit: 100, settled: 90, at: 103 * Day - 1).Should().BeNull();
        Forecast(limit: 100, settled: 90, at: 103 * Day).Should().NotBeNull();
        Forecast(limit: 100, settled: 100)!.OpensNothing.Should().BeTrue("the thresholds say it");
        Forecast(limit: 100, settled: 0).Should().BeNull();
        Forecast(limit: 100, settled: 99, at: 130 * Day).Should().BeNull("the window is over");
    }

    [Fact]
    public void A_window_without_end_is_forecast_a_week_ahead()
    {
        var endless = new WindowSpan(0, WindowSpan.Never);
        // One a day for a hundred days.
        Forecast(limit: 108, settled: 100, at: 100 * Day, span: endless).Should().BeNull();
        var forecast = Forecast(limit: 107, settled: 100, at: 100 * Day, span: endless)!;
        Forecast(limit: 108, settled: 100, forecast.Key, 100 * Day, endless).Should().NotBeNull();
        Forecast(limit: 109, settled: 100, forecast.Key, 100 * Day, endless).Should().BeNull();
        Forecast(limit: 2, settled: 1, at: 7 * Day - 1, span: endless).Should().BeNull("a week is needed to know a week");
    }

    [Fact]
    public void A_window_has_keys_of_its_own_and_one_state_has_one_answer()
    {
        Of(limit: 100, settled: 130, Steps, Soft).Select(a => a.Key).Should().OnlyHaveUniqueItems();
        var next = WindowAlerts.Of(Watched(100, 130, new WindowSpan(130 * Day, 160 * Day), [Steps, Soft]), 140 * Day, []);
        next.Select(a => a.Key).Should().NotIntersectWith(Of(limit: 100, settled: 130, Steps, Soft).Select(a => a.Key));
    }

    [Fact]
    public void More_spend_never_silences_a_threshold_or_a_cap_and_no_amount_overflows()
    {
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue]).Sample((limit, a, b) =>
        {
            var less = Keys(limit, Math.Min(a, b));
            var more = Keys(limit, Math.Max(a, b));
            return less.IsSubsetOf(more);
        });

        static HashSet<string> Keys(long limit, long settled) => [.. Of(limit, settled, Steps, Soft).Where(a => a.Kind != AlertKind.ExhaustionForecast).Select(a => a.Key)];
    }

    private static ImmutableArray<StandingAlert> Of(long limit, long settled, params Policy[] policies) =>
        WindowAlerts.Of(Watched(limit, settled, Month, policies), 110 * Day, []);

    private static StandingAlert? Forecast(long limit, long settled, string? known = null, long at = 110 * Day, WindowSpan? span = null) =>
        WindowAlerts.Of(Watched(limit, settled, span ?? Month, []), at, known is null ? [] : [known]).SingleOrDefault();

    private static WatchedWindow Watched(long limit, long settled, WindowSpan span, Policy[] policies)
    {
        var budget = new Budget
        {
            BudgetId = new("00000000-0000-8000-8000-0000000000b1"), Slug = "all", ScopeId = ScopeId, Amount = new NanoUsd(limit), Period = Period.Of(PeriodKind.Month), Zone = TimeZoneInfo.Utc,
        };
        return new WatchedWindow(new BudgetWindow(BudgetWindow.IdOf(budget.BudgetId, span), budget, span), new NanoUsd(limit), new NanoUsd(settled), [.. policies]);
    }
}
