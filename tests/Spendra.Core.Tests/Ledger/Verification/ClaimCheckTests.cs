using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

/// <summary>A reservation holds in the windows of its policies: in all of them, and in no others.</summary>
public sealed class ClaimCheckTests
{
    private static readonly Guid CapBudget = Cap.Window.Budget.BudgetId;
    private static readonly Guid WatchedBudget = Watched.Window.Budget.BudgetId;
    private static readonly Guid Other = Id(1_099);

    private readonly LedgerRows _ledger = Sample();

    private IEnumerable<Violation> Found => _ledger.ViolationsOf(Invariant.ReservationClaims);

    [Fact]
    public void Reservation_that_is_held_under_one_of_its_caps_only_is_reported()
    {
        MakeHard(Watched);
        ChangeReleased(f => f with { PolicyIds = Bytes(Cap.PolicyId, Watched.PolicyId), WindowIds = Bytes(Cap.WindowId) });
        _ledger.Violations.Should().Equal(Lacks(Released, "a window", WatchedBudget));
    }

    [Fact]
    public void Every_reservation_is_looked_at_whatever_became_of_it()
    {
        foreach (var id in new[] { Measured, Expired }) _ledger.ChangeFacts(id, 0, f => f with { WindowIds = Bytes(Watched.WindowId) });
        _ledger.ChangeOpen(h => h with { Facts = h.Facts with { WindowIds = Bytes(Watched.WindowId) } });
        Found.Should().Equal(
            Lacks(Open, "a window", CapBudget), Lacks(Measured, "a window", CapBudget), Lacks(Expired, "a window", CapBudget));
        _ledger.Verify().Checked[Invariant.ReservationClaims].Should().Be(6, "corrections repeat their first event");
    }

    [Fact]
    public void Window_that_no_policy_asks_for_is_reported()
    {
        ChangeReleased(f => f with { PolicyIds = Bytes(Cap.PolicyId), WindowIds = Bytes(Cap.WindowId, Watched.WindowId) });
        _ledger.Violations.Should().Equal(Lacks(Released, "a policy", WatchedBudget));
    }

    [Fact]
    public void Policies_without_a_budget_ask_for_no_window()
    {
        _ledger.Policies[Id(80)] = new(PolicyKind.RequestLimit, null);
        ChangeReleased(f => f with { PolicyIds = Bytes(Id(80), Cap.PolicyId) });
        _ledger.Violations.Should().BeEmpty();
    }

    [Fact]
    public void What_holds_nothing_needs_no_window()
    {
        ChangeReleased(f => f with { Amount = 0, PriceId = null, WindowIds = [] });
        _ledger.Violations.Should().BeEmpty();
    }

    [Fact]
    public void Two_policies_on_one_budget_share_its_window()
    {
        _ledger.Policies[Id(80)] = new(PolicyKind.HardCap, CapBudget);
        ChangeReleased(f => f with { PolicyIds = Bytes(Cap.PolicyId, Id(80)) });
        _ledger.Violations.Should().BeEmpty();
    }

    [Theory]
    [InlineData(PolicyKind.SoftCap)]
    [InlineData(PolicyKind.Alert)]
    public void A_watched_budget_counts_what_its_policies_apply_to(PolicyKind kind)
    {
        _ledger.Policies[Watched.PolicyId] = new(kind, WatchedBudget);
        ChangeReleased(f => f with { PolicyIds = Bytes(Cap.PolicyId, Watched.PolicyId) });
        _ledger.Violations.Should().Equal(Lacks(Released, "a window", WatchedBudget));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_watched_budget_that_is_or_was_capped_counts_what_its_caps_apply_to(bool isArchived)
    {
        _ledger.Policies[Id(80)] = new(PolicyKind.HardCap, isArchived ? null : WatchedBudget) { EarlierBudgets = isArchived ? [WatchedBudget] : [] };
        ChangeReleased(f => f with { PolicyIds = Bytes(Cap.PolicyId, Watched.PolicyId) });
        _ledger.Violations.Should().BeEmpty();
    }

    [Fact]
    public void Outside_the_range_of_its_budget_a_cap_asks_for_no_window()
    {
        var range = new Period { Kind = PeriodKind.Range, RangeStart = new DateOnly(1980, 1, 1), RangeEnd = new DateOnly(1981, 1, 1) };
        _ledger.Budgets[Other] = Cap.Window.Budget with { BudgetId = Other, Period = range };
        _ledger.Policies[Id(80)] = new(PolicyKind.HardCap, Other);
        ChangeReleased(f => f with { PolicyIds = Bytes(Cap.PolicyId, Id(80)) });
        _ledger.Violations.Should().BeEmpty();
        _ledger.Budgets[Other] = _ledger.Budgets[Other] with { Period = Period.Of(PeriodKind.Day) };
        _ledger.Violations.Should().Equal(Lacks(Released, "a window", Other));
    }

    [Theory]
    [InlineData(LedgerLane.Epoch + 1, true)]
    [InlineData(LedgerLane.Epoch, false)]
    public void A_policy_that_points_elsewhere_now_is_held_to_where_it_pointed_then(long changedEpoch, bool isSound)
    {
        _ledger.Budgets[Other] = Cap.Window.Budget with { BudgetId = Other };
        _ledger.Policies[Id(80)] = new(PolicyKind.HardCap, Other) { ChangedEpoch = changedEpoch, EarlierBudgets = [CapBudget] };
        ChangeReleased(f => f with { PolicyIds = Bytes(Id(80)) });
        _ledger.Violations.Should().Equal(isSound ? [] : [Lacks(Released, "a window", Other), Lacks(Released, "a policy", CapBudget)]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_policy_that_has_changed_still_asks_for_a_window_that_it_pointed_at_at_some_time(bool pointedElsewhere)
    {
        _ledger.Budgets[Other] = Cap.Window.Budget with { BudgetId = Other };
        _ledger.Policies[Id(80)] = new(PolicyKind.HardCap, Other)
        {
            ChangedEpoch = LedgerLane.Epoch + 1, EarlierBudgets = pointedElsewhere ? [WatchedBudget] : [],
        };
        ChangeReleased(f => f with { PolicyIds = Bytes(Cap.PolicyId, Id(80)) });
        _ledger.Violations.Should().Equal(Lacks(Released, "a window", Other));
    }

    [Fact]
    public void What_is_unknown_is_reported_as_unknown_and_not_as_missing()
    {
        ChangeReleased(f => f with { PolicyIds = Bytes(Id(80)) });
        Found.Should().BeEmpty();
        ChangeReleased(f => f with { PolicyIds = Bytes(Cap.PolicyId), WindowIds = Bytes(Id(9_999)) });
        Found.Should().BeEmpty();
    }

    private static Violation Lacks(Guid reservationId, string what, Guid budgetId) =>
        new(Invariant.ReservationClaims, $"reservation {reservationId}", $"{what} of budget {budgetId}", "none");

    private void MakeHard(WindowClaim claim) =>
        _ledger.Policies[claim.PolicyId] = new(PolicyKind.HardCap, claim.Window.Budget.BudgetId);

    private void ChangeReleased(Func<Facts, Facts> change) => _ledger.Releases[0] = change(_ledger.Releases[0]);
}
