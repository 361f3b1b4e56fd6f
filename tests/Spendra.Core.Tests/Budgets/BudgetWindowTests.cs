using CsCheck;
using Spendra.Core.Budgets;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Budgets;

public sealed class BudgetWindowTests
{
    private static readonly Guid BudgetId = new("0190a1b2-c3d4-7e5f-8a9b-acbdcedfe0f1");

    [Theory]
    // Worked out independently: stored windows must be found again by every later release.
    [InlineData(1_772_323_200_000_000, 1_775_001_600_000_000, "0d3e2aa7-55e7-8d74-a4e4-5fbfa47c713c")]
    [InlineData(0, long.MaxValue, "205e9768-45d4-8018-8efb-0edc3355f179")]
    public void Window_id_follows_from_budget_and_span(long start, long end, string id) =>
        BudgetWindow.IdOf(BudgetId, new WindowSpan(start, end)).Should().Be(new Guid(id));

    [Fact]
    public void Window_id_is_a_version_8_uuid() =>
        Gen.Select(Gen.Guid, Gen.Long, Gen.Long).Sample((budget, start, end) =>
        {
            var id = BudgetWindow.IdOf(budget, new WindowSpan(start, end));
            return id.Version == 8 && id.Variant is >= 8 and <= 11;
        });

    [Fact]
    public void Different_budgets_and_spans_have_different_windows()
    {
        Guid[] ids =
        [
            BudgetWindow.IdOf(BudgetId, new WindowSpan(1, 2)), BudgetWindow.IdOf(BudgetId, new WindowSpan(1, 3)),
            BudgetWindow.IdOf(BudgetId, new WindowSpan(0, 2)), BudgetWindow.IdOf(BudgetId, new WindowSpan(2, 1)),
            BudgetWindow.IdOf(Guid.Empty, new WindowSpan(1, 2)), BudgetWindow.IdOf(BudgetId, new WindowSpan(256, 2)),
        ];
        ids.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Ten_years_of_days_have_ten_years_of_ids()
    {
        var budget = Budget(PeriodKind.Day);
        var ids = new HashSet<Guid>();
        for (var day = 0; day < 3_650; day++) ids.Add(budget.WindowAt(Zones.Utc(2020, 1, 1) + day * Zones.Day)!.WindowId);
        ids.Should().HaveCount(3_650);
    }

    [Fact]
    public void Budget_names_the_window_that_holds_an_instant()
    {
        var budget = Budget(PeriodKind.Month);
        var window = budget.WindowAt(Zones.Utc(2026, 3, 15))!;
        window.Should().Be(new BudgetWindow(
            BudgetWindow.IdOf(BudgetId, window.Span), budget, new WindowSpan(Zones.Utc(2026, 3, 1), Zones.Utc(2026, 4, 1))));
        window.WindowId.Should().Be("0d3e2aa7-55e7-8d74-a4e4-5fbfa47c713c");
    }

    [Fact]
    public void Change_of_amount_keeps_the_window()
    {
        var budget = Budget(PeriodKind.Month);
        (budget with { Amount = NanoUsd.Zero }).WindowAt(Zones.Utc(2026, 3, 15))!.WindowId
            .Should().Be(budget.WindowAt(Zones.Utc(2026, 3, 15))!.WindowId);
    }

    [Fact]
    public void Budget_has_no_window_outside_its_range()
    {
        var budget = Budget(PeriodKind.Range);
        budget.WindowAt(Zones.Utc(2026, 3, 1)).Should().NotBeNull();
        budget.WindowAt(Zones.Utc(2026, 3, 2)).Should().BeNull();
    }

    private static Budget Budget(PeriodKind kind) => new()
    {
        BudgetId = BudgetId,
        Slug = "search",
        ScopeId = Guid.Empty,
        Amount = NanoUsd.FromUsd(1),
        Period = new Period { Kind = kind, RangeStart = new DateOnly(2026, 3, 1), RangeEnd = new DateOnly(2026, 3, 2) },
        Zone = TimeZoneInfo.Utc,
    };
}
