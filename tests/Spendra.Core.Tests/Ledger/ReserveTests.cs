using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger;

public sealed class ReserveTests
{
    private static readonly WindowClaim A = Hard(1, limit: 100);
    private static readonly WindowClaim B = Hard(2, limit: 50);
    private static readonly WindowClaim Watched = Observed(3, limit: 10);

    private readonly LedgerLane _lane = new();

    [Fact]
    public void Reservation_that_fits_holds_its_amount_in_every_window()
    {
        var admitted = _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(10, 30, B, A));
        admitted.Windows.Select(w => w.WindowId).Should().Equal(B.WindowId, A.WindowId);
        admitted.Windows.Select(w => w.Remaining.Value).Should().Equal(20, 70);
        admitted.Windows[1].Should().Be(new WindowRow
        {
            OrganizationId = Org, WindowId = A.WindowId, BudgetId = A.Window.Budget.BudgetId, Span = A.Window.Span,
            Limit = Nanos(100), Reserved = Nanos(30), Settled = NanoUsd.Zero,
        });
        _lane.Totals(A).Should().Be((30, 0));
        _lane.Totals(B).Should().Be((30, 0));
        _lane.Store.Open.Should().ContainKey(new RowKey(Org, Id(10)));
        _lane.Written.SpendEvents.Should().BeEmpty("holding money spends nothing");
        _lane.Written.Outbox.Should().BeEmpty();
        _lane.Written.Organizations.Should().BeEmpty();
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    [InlineData(0, true)]
    public void Reservation_fits_up_to_the_limit_exactly(long amount, bool fits) =>
        (_lane.RunOne(_lane.Reserve(10, amount, A)) is LedgerOutcome.Admitted).Should().Be(fits);

    [Fact]
    public void Last_nano_can_be_reserved_and_no_more()
    {
        _lane.Run(_lane.Reserve(10, 40, A), _lane.Reserve(11, 59, A));
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(12, 1, A)).Windows[0].Remaining.Should().Be(NanoUsd.Zero);
        _lane.Refusal(_lane.Reserve(13, 1, A)).Should().Be(RefusalCode.BudgetHeld);
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(14, 0, A));
    }

    [Fact]
    public void Reservation_larger_than_what_remains_is_refused()
    {
        _lane.Run(_lane.Reserve(10, 60, A));
        _lane.Run(_lane.Settle(10, 60));
        var refusal = _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(11, 41, A)).Refusal;
        refusal.Code.Should().Be(RefusalCode.BudgetExceeded);
        refusal.PolicyId.Should().Be(A.PolicyId);
        refusal.PolicySlug.Should().Be("policy-1");
        refusal.Window.Should().Be(new RefusedWindow(
            A.Window.Budget.BudgetId, "budget-1", Nanos(100), Nanos(60), Nanos(0), Nanos(41), 0, 1_000_000));
        _lane.NothingWritten();
    }

    [Fact]
    public void Amount_that_only_reservations_in_flight_deny_is_held_not_exceeded()
    {
        _lane.Run(_lane.Reserve(10, 30, A), _lane.Reserve(11, 30, A));
        _lane.Run(_lane.Settle(10, 30));
        _lane.Refusal(_lane.Reserve(12, 70, A)).Should().Be(RefusalCode.BudgetHeld);
        _lane.Refusal(_lane.Reserve(13, 71, A)).Should().Be(RefusalCode.BudgetExceeded);
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(14, 40, A));
    }

    [Fact]
    public void Exceeded_budget_is_named_before_a_held_one()
    {
        _lane.Run(_lane.Reserve(10, 80, A));
        var refusal = _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(11, 60, A, B)).Refusal;
        refusal.Code.Should().Be(RefusalCode.BudgetExceeded);
        refusal.PolicyId.Should().Be(B.PolicyId, "no waiting would mend that");
    }

    [Fact]
    public void First_held_budget_is_named()
    {
        _lane.Run(_lane.Reserve(10, 50, A, B), _lane.Reserve(11, 50, A));
        _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(12, 50, B, A)).Refusal.PolicyId.Should().Be(B.PolicyId);
        _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(13, 50, A, B)).Refusal.PolicyId.Should().Be(A.PolicyId);
        _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(14, 50, B)).Refusal.Code.Should().Be(RefusalCode.BudgetHeld);
    }

    [Fact]
    public void Refusal_tells_what_stands_in_the_window_and_whether_waiting_helps()
    {
        _lane.Run(_lane.Reserve(10, 30, A), _lane.Reserve(11, 20, A));
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(12, 60, A)).Refusal.Message.Should().Be(
            "Budget 'budget-1' is held by requests in flight (limit 0.0000001, settled 0.00000003, reserved 0.00000002, "
            + "needed 0.00000006 USD). Try again shortly.");
        _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(13, 71, A)).Refusal.Message.Should().Be(
            "Budget 'budget-1' cannot cover this request (limit 0.0000001, settled 0.00000003, reserved 0.00000002, "
            + "needed 0.000000071 USD).");
    }

    [Fact]
    public void What_remains_is_the_limit_without_what_is_settled_and_held()
    {
        _lane.Run(_lane.Reserve(10, 30, A));
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(11, 20, A)).Windows[0].Remaining.Should().Be(Nanos(50));
    }

    [Fact]
    public void All_windows_hold_the_amount_or_none()
    {
        _lane.Run(_lane.Reserve(10, 10, A, B, Watched));
        _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(11, 45, A, Watched, B));
        _lane.NothingWritten();
        _lane.Totals(A).Should().Be((10, 0));
        _lane.Totals(B).Should().Be((10, 0));
        _lane.Totals(Watched).Should().Be((10, 0));
        _lane.Store.Open.Should().HaveCount(1);
    }

    [Fact]
    public void Observed_window_counts_and_never_refuses()
    {
        var admitted = _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(10, 90, A, Watched));
        admitted.Windows[1].Remaining.Should().Be(Nanos(-80));
        _lane.Totals(Watched).Should().Be((90, 0));
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(11, 5, Watched)).Windows[0].Reserved.Should().Be(Nanos(95));
    }

    [Fact]
    public void Limit_is_that_of_the_stored_window()
    {
        _lane.Run(_lane.Reserve(10, 1, A));
        _lane.SetLimit(A, 20);
        _lane.Refusal(_lane.Reserve(11, 20, A)).Should().Be(RefusalCode.BudgetHeld);
        _lane.Refusal(_lane.Reserve(12, 21, A)).Should().Be(RefusalCode.BudgetExceeded);
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(13, 19, A)).Windows[0].Limit.Should().Be(Nanos(20));
    }

    [Fact]
    public void Cap_cut_below_what_stands_refuses_even_nothing()
    {
        _lane.Run(_lane.Reserve(10, 50, A));
        _lane.SetLimit(A, 20);
        _lane.Refusal(_lane.Reserve(11, 1, A)).Should().Be(RefusalCode.BudgetHeld);
        _lane.Run(_lane.Settle(10, 50));
        _lane.Refusal(_lane.Reserve(12, 1, A)).Should().Be(RefusalCode.BudgetExceeded);
    }

    [Theory]
    [InlineData(Epoch - 1)]
    [InlineData(Epoch + 1)]
    public void Reservation_resolved_under_another_epoch_is_stale(long epoch)
    {
        var command = _lane.Reserve(10, 1, A);
        command = command with { Reservation = command.Reservation with { Epoch = epoch } };
        _lane.RunOne<LedgerOutcome.Stale>(command).Epoch.Should().Be(Epoch);
        _lane.NothingWritten();
    }

    [Fact]
    public void Stale_rules_are_named_before_missing_money()
    {
        var command = _lane.Reserve(10, 1_000, A);
        _lane.RunOne<LedgerOutcome.Stale>(command with { Reservation = command.Reservation with { Epoch = 1 } });
    }

    [Fact]
    public void Amount_beyond_all_arithmetic_is_refused()
    {
        _lane.Run(_lane.Reserve(10, 10, A));
        _lane.Refusal(_lane.Reserve(11, long.MaxValue, A)).Should().Be(RefusalCode.BudgetExceeded);
        _lane.Run(_lane.Settle(10, 10));
        _lane.Refusal(_lane.Reserve(12, long.MaxValue, A)).Should().Be(RefusalCode.BudgetExceeded);
    }

    [Fact]
    public void Free_reservation_without_windows_is_held_and_ended_like_any_other()
    {
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(10, 0)).Windows.Should().BeEmpty();
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Settle(10, 0)).Cost.Should().Be(NanoUsd.Zero);
        _lane.Store.Events.Should().HaveCount(1);
    }

    [Fact]
    public void Negative_reservation_fails()
    {
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Reserve(10, -1, A)).Error.Should().BeOfType<ArgumentException>();
        _lane.NothingWritten();
    }

    [Fact]
    public void Reservation_of_an_unknown_organization_fails()
    {
        var command = _lane.Reserve(10, 1, A);
        command = command with
        {
            Reservation = command.Reservation with { OrganizationId = Id(99) }, OrganizationId = Id(99),
        };
        _lane.RunOne<LedgerOutcome.Failed>(command).Error.Should().BeOfType<LedgerInvariantException>();
    }

    [Fact]
    public void Reservation_must_name_the_windows_that_it_claims()
    {
        // Money would be held in one place and given back in another.
        var command = _lane.Reserve(10, 1, A, B);
        _lane.RunOne<LedgerOutcome.Failed>(command with { Claims = [A] });
        _lane.RunOne<LedgerOutcome.Failed>(command with { Claims = [B, A] });
        _lane.RunOne<LedgerOutcome.Failed>(command with { Claims = [] });
        _lane.RunOne<LedgerOutcome.Failed>(command with { Claims = default });
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Reserve(11, 1, A, A));
        _lane.Store.Open.Should().BeEmpty();
        _lane.RunOne<LedgerOutcome.Admitted>(command);
    }

    [Fact]
    public void Windows_of_organizations_are_apart()
    {
        _lane.Run(_lane.Reserve(10, 100, A));
        var other = _lane.Reserve(11, 100, A);
        other = other with
        {
            OrganizationId = OtherOrg, Reservation = other.Reservation with { OrganizationId = OtherOrg },
        };
        _lane.RunOne<LedgerOutcome.Admitted>(other);
        _lane.Totals(A).Should().Be((100, 0));
    }

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, -1)]
    public void Window_totals_are_never_negative(long limit, long reserved, long settled) =>
        FluentActions.Invoking(() => new WindowRow
        {
            OrganizationId = Org, WindowId = A.WindowId, BudgetId = Org, Span = A.Window.Span,
            Limit = Nanos(limit), Reserved = Nanos(reserved), Settled = Nanos(settled),
        }).Should().Throw<LedgerInvariantException>();
}
