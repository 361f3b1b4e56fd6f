using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class WindowCheckTests
{
    private readonly LedgerRows _ledger = Sample();

    private static string Subject(WindowClaim claim) => $"window {claim.WindowId}";

    [Theory]
    [InlineData(1, "0.000007001 USD")]
    [InlineData(-1, "0.000006999 USD")]
    public void Hold_that_no_reservation_explains_is_reported(long phantom, string stored)
    {
        _ledger.ChangeWindow(Cap, w => w with { Reserved = Nanos(7_000 + phantom) });
        _ledger.Violations.Should().Equal(new Violation(Invariant.WindowReserved, Subject(Cap), "0.000007 USD", stored));
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
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.WindowReserved, Subject(Watched), "0.000007 USD", "no such window"),
            new Violation(Invariant.WindowSettled, Subject(Watched), "0.000089995 USD", "no such window"));
    }

    [Fact]
    public void Nothing_in_a_window_that_does_not_exist_is_nothing_wrong()
    {
        _ledger.Holds.Add(new Held(Id(77), [Id(9_999)], 0));
        var report = _ledger.Verify();
        report.Violations.Should().BeEmpty();
        report.Checked[Invariant.WindowReserved].Should().Be(3);
    }

    [Fact]
    public void Bytes_that_are_no_whole_id_name_no_window()
    {
        var report = new VerificationReport();
        var verification = new LedgerVerification(Nothing, report);
        verification.AddOpen(Id(1), new byte[15], Nanos(5));
        verification.AddSpend(new SpendRow
        {
            ReservationId = Id(2), EventNumber = 0, Kind = SpendKind.Settled, WindowIds = new byte[15], AccountId = Account,
            PriceId = null, TierPercent = 100, Reserved = Nanos(1), Cost = Nanos(5), Usage = default, IsEstimated = false,
            EntrySequence = 1,
        });
        verification.Complete();
        report.Checked.GetValueOrDefault(Invariant.WindowReserved).Should().Be(0);
        report.Violations.Select(v => v.Invariant).Should().BeEquivalentTo([Invariant.EventEntry, Invariant.EventOutbox]);
    }

    [Fact]
    public void Window_whose_id_is_not_that_of_its_span_is_reported()
    {
        _ledger.ChangeWindow(Cap, w => w with { Span = new WindowSpan(1, 1_000_000) });
        var derived = BudgetWindow.IdOf(Cap.Window.Budget.BudgetId, new WindowSpan(1, 1_000_000));
        _ledger.Violations.Should().Equal(new Violation(Invariant.WindowId, Subject(Cap), $"{derived}", $"{Cap.WindowId}"));
    }

    [Fact]
    public void Running_window_whose_limit_is_not_the_budgets_amount_is_reported()
    {
        _ledger.ChangeWindow(Watched, w => w with { Limit = Nanos(51) });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.WindowLimit, Subject(Watched), "0.00000005 USD", "0.000000051 USD"));
    }

    [Fact]
    public void Running_window_of_a_budget_that_does_not_exist_is_reported()
    {
        _ledger.BudgetAmounts.Remove(Watched.Window.Budget.BudgetId);
        _ledger.Violations.Should().Equal(new Violation(
            Invariant.WindowLimit, Subject(Watched), $"budget {Watched.Window.Budget.BudgetId}", "no such budget"));
    }

    [Theory]
    [InlineData(999_999, 1)]
    [InlineData(1_000_000, 0)]
    public void Window_that_has_ended_keeps_the_limit_that_it_had(long now, int violations)
    {
        _ledger.NowMicros = now;
        _ledger.ChangeWindow(Watched, w => w with { Limit = Nanos(51) });
        var report = _ledger.Verify();
        report.ViolationCount.Should().Be(violations);
        report.Checked.GetValueOrDefault(Invariant.WindowLimit).Should().Be(2 * violations);
    }

    // The sample's cap holds 7,000 and has settled 209,995; excesses explain 20,000 above its limit.
    [Theory]
    [InlineData(196_995, true)]
    [InlineData(196_994, false)]
    public void Hard_cap_is_passed_by_no_more_than_is_explained(long limit, bool isExplained)
    {
        Limit(Cap, limit);
        _ledger.Violations.Should().Equal(isExplained
            ? []
            : [new Violation(Invariant.HardCap, Subject(Cap), "at most 0.000216994 USD (limit and excesses)", "0.000216995 USD")]);
    }

    [Fact]
    public void Cap_cut_explains_what_stands_above_the_new_limit()
    {
        Limit(Cap, 100);
        _ledger.Excesses.Add(new WindowExcess(Org, Cap.WindowId, ExcessKind.CapCut, Id(90), 0, Nanos(196_895), 5));
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

    [Theory]
    [InlineData(0, "9223372036.854775807 USD")]
    [InlineData(1, "9223372036854775808 nano-USD")]
    public void Sums_beyond_what_an_amount_can_be_are_reported_too(long more, string sum)
    {
        var ledger = new LedgerRows();
        var window = ledger.AddWindow(5, limit: 10);
        ledger.Holds.Add(new Held(Id(1), [window.WindowId], long.MaxValue));
        ledger.Holds.Add(new Held(Id(2), [window.WindowId], more));
        ledger.Violations.Should().Equal(new Violation(Invariant.WindowReserved, Subject(window), sum, "0 USD"));
    }

    [Theory]
    [InlineData(0, "-9223372036.854775808 USD")]
    [InlineData(-1, "-9223372036854775809 nano-USD")]
    public void Sums_below_what_an_amount_can_be_are_reported_too(long more, string sum)
    {
        var ledger = new LedgerRows();
        var window = ledger.AddWindow(5, limit: 10);
        ledger.Holds.Add(new Held(Id(1), [window.WindowId], long.MinValue));
        ledger.Holds.Add(new Held(Id(2), [window.WindowId], more));
        ledger.Violations.Should().Equal(new Violation(Invariant.WindowReserved, Subject(window), sum, "0 USD"));
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

    private void Limit(WindowClaim claim, long limit)
    {
        _ledger.BudgetAmounts[claim.Window.Budget.BudgetId] = Nanos(limit);
        _ledger.ChangeWindow(claim, w => w with { Limit = Nanos(limit) });
    }

    private static VerifiedOrganization Nothing => new()
    {
        Row = new OrganizationRow(Org, Epoch, 0, 0),
        BudgetAmounts = new Dictionary<Guid, Core.Money.NanoUsd>(),
        HardCapped = new HashSet<Guid>(),
        Prices = new Dictionary<Guid, Core.Pricing.PriceVersion>(),
        Windows = [],
        Excesses = [],
        NowMicros = 0,
    };
}
