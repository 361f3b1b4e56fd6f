using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class ExcessCheckTests
{
    // The sample has a late settlement of 10,000 above its expiry and an overrun of 10,000, each on two windows.
    private readonly LedgerRows _ledger = Sample();

    private static string Subject(WindowClaim claim, Guid reservationId, int number) =>
        $"window {claim.WindowId}, event {number} of reservation {reservationId}";

    [Fact]
    public void Cost_above_its_hold_is_explained_on_every_window()
    {
        _ledger.Excesses.RemoveAll(e => e.CauseId == Overrun && e.WindowId == Watched.WindowId);
        _ledger.Violations.Should().Equal(new Violation(
            Invariant.ExcessExplains, Subject(Watched, Overrun, 0), "overrun of 0.00001 USD", "none"));
    }

    [Fact]
    public void Late_cost_above_what_was_booked_is_explained()
    {
        _ledger.Excesses.RemoveAll(e => e.CauseId == Expired && e.WindowId == Watched.WindowId);
        _ledger.Violations.Should().Equal(new Violation(
            Invariant.ExcessExplains, Subject(Watched, Expired, 1), "late of 0.00001 USD", "none"));
    }

    [Theory]
    [InlineData(10_001, "0.000010001")]
    [InlineData(9_999, "0.000009999")]
    public void Excess_of_another_amount_is_reported(long amount, string text)
    {
        Replace(Overrun, e => e with { Amount = Nanos(amount) });
        _ledger.ViolationsOf(Invariant.ExcessExplains).Should().Equal(new Violation(
            Invariant.ExcessExplains, Subject(Watched, Overrun, 0), "overrun of 0.00001 USD", $"overrun of {text} USD"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Excess_of_another_kind_is_reported(bool isLate)
    {
        var (id, number) = isLate ? (Expired, 1) : (Overrun, 0);
        Replace(id, e => e with { Kind = isLate ? ExcessKind.Overrun : ExcessKind.Late });
        _ledger.Violations.Should().Equal(new Violation(Invariant.ExcessExplains, Subject(Watched, id, number),
            $"{(isLate ? "late" : "overrun")} of 0.00001 USD", $"{(isLate ? "overrun" : "late")} of 0.00001 USD"));
    }

    [Fact]
    public void Adjustment_upward_is_explained()
    {
        _ledger.Change(Expired, 2, e => e with { Cost = 7 });
        _ledger.ViolationsOf(Invariant.ExcessExplains).Should().Equal(
            new Violation(Invariant.ExcessExplains, Subject(Cap, Expired, 2), "overrun of 0.000000007 USD", "none"),
            new Violation(Invariant.ExcessExplains, Subject(Watched, Expired, 2), "overrun of 0.000000007 USD", "none"));
    }

    [Fact]
    public void Excess_that_nothing_caused_is_reported()
    {
        _ledger.Excesses.Add(new WindowExcess(Org, Watched.WindowId, ExcessKind.Overrun, Measured, 0, Nanos(4), 0));
        _ledger.Excesses.Add(new WindowExcess(Org, Watched.WindowId, ExcessKind.Late, Measured, 1, Nanos(4), 0));
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.ExcessCaused, $"window {Watched.WindowId}",
                $"event 0 of reservation {Measured} above its hold", "overrun of 0.000000004 USD without one"),
            new Violation(Invariant.ExcessCaused, $"window {Watched.WindowId}",
                $"event 1 of reservation {Measured} above its hold", "late of 0.000000004 USD without one"));
    }

    [Fact]
    public void Cap_cut_needs_no_event()
    {
        _ledger.Excesses.Add(new WindowExcess(Org, Cap.WindowId, ExcessKind.CapCut, Id(90), 0, Nanos(4), 0));
        var report = _ledger.Verify();
        report.Violations.Should().BeEmpty();
        report.Checked[Invariant.ExcessCaused].Should().Be(4, "an administrator's cut explains itself");
    }

    [Fact]
    public void Cost_of_exactly_the_hold_needs_no_explanation()
    {
        _ledger.Excesses.RemoveAll(e => e.CauseId == Overrun);
        _ledger.ChangeFacts(Overrun, 0, f => f with { Amount = MeasuredCost, BoundInput = 35 });
        var report = _ledger.Verify();
        report.Violations.Should().BeEmpty();
        report.Checked[Invariant.ExcessExplains].Should().Be(2);
    }

    private void Replace(Guid cause, Func<WindowExcess, WindowExcess> change)
    {
        var at = _ledger.Excesses.FindIndex(e => e.CauseId == cause && e.WindowId == Watched.WindowId);
        _ledger.Excesses[at] = change(_ledger.Excesses[at]);
    }
}
