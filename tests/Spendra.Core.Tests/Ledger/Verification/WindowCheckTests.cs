using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Tests.Pricing;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class WindowCheckTests
{
    private readonly LedgerRows _ledger = Sample();

    private static string Subject(WindowClaim claim) => $"window {claim.WindowId}";

    [Theory]
    [InlineData(1, "0.000008001 USD")]
    [InlineData(-1, "0.000007999 USD")]
    public void Hold_that_no_reservation_explains_is_reported(long phantom, string stored)
    {
        _ledger.ChangeWindow(Cap, w => w with { Reserved = Nanos(8_000 + phantom) });
        _ledger.Violations.Should().Equal(new Violation(Invariant.WindowReserved, Subject(Cap), "0.000008 USD", stored));
    }

    [Theory]
    [InlineData(1, "0.000089996 USD")]
    [InlineData(-1, "0.000089994 USD")]
    public void Settled_total_that_no_events_explain_is_reported(long phantom, string stored)
    {
        _ledger.ChangeWindow(Watched, w => w with { Settled = Nanos(89_995 + phantom) });
        _ledger.Violations.Should().Equal(new Violation(Invariant.WindowSettled, Subject(Watched), "0.000089995 USD", stored));
    }

    [Fact]
    public void Money_in_a_window_that_does_not_exist_is_reported()
    {
        _ledger.Windows.RemoveAll(w => w.WindowId == Watched.WindowId);
        _ledger.ViolationsOf(Invariant.WindowReserved).Should().Equal(
            new Violation(Invariant.WindowReserved, Subject(Watched), "0.000008 USD", "no such window"));
        _ledger.ViolationsOf(Invariant.WindowSettled).Should().Equal(
            new Violation(Invariant.WindowSettled, Subject(Watched), "0.000089995 USD", "no such window"));
        _ledger.ViolationsOf(Invariant.ReservationWindows).Should().Equal(new[] { Open, Measured, Expired, Overrun }.Select(id =>
            new Violation(Invariant.ReservationWindows, $"reservation {id}", Subject(Watched), "no such window")));
    }

    [Fact]
    public void Reservation_of_nothing_in_a_window_that_does_not_exist_is_reported_as_that_alone()
    {
        _ledger.Release(new Facts(Id(77)) { WindowIds = Bytes(Id(9_999)) });
        var report = _ledger.Verify();
        report.Violations.Should().Equal(new Violation(
            Invariant.ReservationWindows, $"reservation {Id(77)}", $"window {Id(9_999)}", "no such window"));
        report.Checked[Invariant.WindowReserved].Should().Be(3);
    }

    [Theory]
    [InlineData(15)]
    [InlineData(1)]
    [InlineData(17)]
    public void Bytes_that_are_no_whole_id_name_no_window(int bytes)
    {
        var ledger = new LedgerRows();
        var window = ledger.AddWindow(5, limit: 10);
        byte[] ids = [.. Bytes(window.WindowId), .. new byte[16]];
        ledger.Release(new Facts(Id(77)) { PolicyIds = Bytes(window.PolicyId), WindowIds = ids[..bytes] });
        ledger.Violations.Should().Equal(new Violation(
            Invariant.ReservationWindows, $"reservation {Id(77)}", "ids of 16 bytes", $"{bytes} bytes"));
    }

    [Fact]
    public void Reservation_that_holds_money_nowhere_is_reported()
    {
        _ledger.ChangeFacts(Estimated, 0, f => f with { WindowIds = [] });
        _ledger.ViolationsOf(Invariant.ReservationWindows).Should().Equal(new Violation(
            Invariant.ReservationWindows, $"reservation {Estimated}", "a window that holds 0.00012 USD", "none"));
    }

    [Fact]
    public void Reservation_that_names_a_window_twice_is_reported()
    {
        _ledger.Releases[0] = _ledger.Releases[0] with
        {
            PolicyIds = Bytes(Cap.PolicyId, Watched.PolicyId), WindowIds = Bytes(Watched.WindowId, Cap.WindowId, Watched.WindowId),
        };
        _ledger.Violations.Should().Equal(new Violation(
            Invariant.ReservationWindows, $"reservation {Released}", $"window {Watched.WindowId} once", "twice"));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(EndOfMonth - 1, true)]
    [InlineData(-1, false)]
    [InlineData(EndOfMonth, false)]
    public void Reservation_lies_in_the_span_of_its_windows(long at, bool isSound)
    {
        _ledger.PriceVersions[Prices.Mini.PriceId] = Prices.Mini with { EffectiveFrom = -1 };
        _ledger.Releases[0] = _ledger.Releases[0] with { ReservedAt = at };
        _ledger.Violations.Should().Equal(isSound ? [] : [new Violation(Invariant.ReservationSpan, $"reservation {Released}",
            $"reserved within 0..{EndOfMonth} of window {Cap.WindowId}", $"reserved at {at}")]);
    }

    [Fact]
    public void Window_whose_id_is_not_that_of_its_span_is_reported()
    {
        _ledger.ChangeWindow(Cap, w => w with { Span = new WindowSpan(1, EndOfMonth) });
        var derived = BudgetWindow.IdOf(Cap.Window.Budget.BudgetId, new WindowSpan(1, EndOfMonth));
        _ledger.ViolationsOf(Invariant.WindowId).Should().Equal(new Violation(Invariant.WindowId, Subject(Cap), $"{derived}", $"{Cap.WindowId}"));
    }

    [Fact]
    public void Running_window_whose_limit_is_not_the_budgets_amount_is_reported()
    {
        _ledger.ChangeWindow(Watched, w => w with { Limit = Nanos(51) });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.WindowLimit, Subject(Watched), "0.00000005 USD", "0.000000051 USD"));
    }

    [Fact]
    public void Window_of_a_budget_that_does_not_exist_is_reported()
    {
        _ledger.Budgets.Remove(Watched.Window.Budget.BudgetId);
        var report = _ledger.Verify();
        report.Violations.Should().Equal(new Violation(
            Invariant.WindowSpan, Subject(Watched), $"budget {Watched.Window.Budget.BudgetId}", "no such budget"));
        (report.Checked[Invariant.WindowSpan], report.Checked[Invariant.WindowLimit]).Should().Be((2, 1));
    }

    [Fact]
    public void Window_that_is_no_period_of_its_budget_is_reported()
    {
        var budget = Watched.Window.Budget;
        _ledger.Budgets[budget.BudgetId] = budget with { Period = Period.Of(PeriodKind.Day) };
        _ledger.Violations.Should().Equal(new Violation(
            Invariant.WindowSpan, Subject(Watched), "0..86400000000", $"0..{EndOfMonth}"));
    }

    [Fact]
    public void Window_outside_the_range_of_its_budget_is_reported()
    {
        var budget = Watched.Window.Budget;
        var range = new Period { Kind = PeriodKind.Range, RangeStart = new DateOnly(1980, 1, 1), RangeEnd = new DateOnly(1981, 1, 1) };
        _ledger.Budgets[budget.BudgetId] = budget with { Period = range };
        _ledger.Violations.Should().Equal(new Violation(
            Invariant.WindowSpan, Subject(Watched), "a period of budget 'budget-2'", $"0..{EndOfMonth}"));
    }

    [Theory]
    [InlineData(EndOfMonth - 1, 1)]
    [InlineData(EndOfMonth, 0)]
    public void Window_that_has_ended_keeps_the_limit_that_it_had(long now, int violations)
    {
        _ledger.NowMicros = now;
        _ledger.ChangeWindow(Watched, w => w with { Limit = Nanos(51) });
        var report = _ledger.Verify();
        report.ViolationCount.Should().Be(violations);
        report.Checked.GetValueOrDefault(Invariant.WindowLimit).Should().Be(2 * violations);
    }

    // The sample's cap holds 8,000 and has settled 209,995; excesses explain 20,000 above its limit.
    [Theory]
    [InlineData(197_995, true)]
    [InlineData(197_994, false)]
    public void Hard_cap_is_passed_by_no_more_than_is_explained(long limit, bool isExplained)
    {
        Limit(Cap, limit);
        _ledger.Violations.Should().Equal(isExplained
            ? []
            : [new Violation(Invariant.HardCap, Subject(Cap), "at most 0.000217994 USD (limit and excesses)", "0.000217995 USD")]);
    }

    [Fact]
    public void Cap_cut_explains_what_stands_above_the_new_limit()
    {
        Limit(Cap, 100);
        _ledger.Excesses.Add(new WindowExcess(Org, Cap.WindowId, ExcessKind.CapCut, Id(90), 0, Nanos(197_895), 5));
        _ledger.Violations.Should().BeEmpty();
    }

    [Fact]
    public void Window_that_no_hard_cap_points_at_may_pass_its_limit()
    {
        _ledger.HardCapped.Clear();
        Limit(Cap, 100);
        var report = _ledger.Verify();
        report.Violations.Should().BeEmpty();
        report.Checked.Should().NotContainKey(Invariant.HardCap);
    }

    // An hour for what was reserved before the end and written after it.
    [Theory]
    [InlineData(EndOfMonth + 3_600_000_000, true)]
    [InlineData(EndOfMonth + 3_599_999_999, false)]
    public void Window_that_had_ended_when_its_cap_was_archived_is_held_to_it(long archivedAt, bool isChecked)
    {
        _ledger.HardCapped.Clear();
        _ledger.NowMicros = archivedAt;
        _ledger.Policies[Cap.PolicyId] = _ledger.Policies[Cap.PolicyId] with { ArchivedAt = archivedAt };
        Limit(Cap, 197_994);
        _ledger.Violations.Should().Equal(isChecked
            ? [new Violation(Invariant.HardCap, Subject(Cap), "at most 0.000217994 USD (limit and excesses)", "0.000217995 USD")]
            : []);
    }

    [Theory]
    [InlineData(0, "9223372036.854775807 USD")]
    [InlineData(1, "9223372036854775808 nano-USD")]
    public void Sums_beyond_what_an_amount_can_be_are_reported_too(long more, string sum)
    {
        var ledger = new LedgerRows();
        var window = ledger.AddWindow(5, limit: 10);
        ledger.Holds.Add(Hold(1, window, long.MaxValue));
        ledger.Holds.Add(Hold(2, window, more));
        ledger.ViolationsOf(Invariant.WindowReserved).Should().Equal(new Violation(Invariant.WindowReserved, Subject(window), sum, "0 USD"));
    }

    [Theory]
    [InlineData(0, "-9223372036.854775808 USD")]
    [InlineData(-1, "-9223372036854775809 nano-USD")]
    public void Sums_below_what_an_amount_can_be_are_reported_too(long more, string sum)
    {
        var ledger = new LedgerRows();
        var window = ledger.AddWindow(5, limit: 10);
        ledger.Holds.Add(Hold(1, window, long.MinValue));
        ledger.Holds.Add(Hold(2, window, more));
        ledger.ViolationsOf(Invariant.WindowReserved).Should().Equal(new Violation(Invariant.WindowReserved, Subject(window), sum, "0 USD"));
    }

    [Fact]
    public void Hard_cap_is_checked_beyond_what_an_amount_can_be()
    {
        var ledger = new LedgerRows();
        var window = ledger.AddWindow(5, limit: long.MaxValue, reserved: long.MaxValue, settled: 2);
        ledger.HardCapped.Add(window.Window.Budget.BudgetId);
        ledger.Excesses.Add(new WindowExcess(Org, window.WindowId, ExcessKind.CapCut, Id(1), 0, Nanos(1), 0));
        ledger.ViolationsOf(Invariant.HardCap).Should().Equal(new Violation(Invariant.HardCap, Subject(window),
            "at most 9223372036854775808 nano-USD (limit and excesses)", "9223372036854775809 nano-USD"));
    }

    private static Held Hold(int id, WindowClaim window, long amount) =>
        new(new Facts(Id(id)) { WindowIds = Bytes(window.WindowId), Amount = amount });

    private void Limit(WindowClaim claim, long limit)
    {
        _ledger.Budgets[claim.Window.Budget.BudgetId] = claim.Window.Budget with { Amount = Nanos(limit) };
        _ledger.ChangeWindow(claim, w => w with { Limit = Nanos(limit) });
    }
}
