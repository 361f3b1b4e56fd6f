using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class CapCutCheckTests
{
    private const long At = 77;

    private static readonly Guid Budget = Cap.Window.Budget.BudgetId;
    private static readonly string Subject = $"cap cut of window {Cap.WindowId}";

    private readonly LedgerRows _ledger = new();
    private readonly List<CapChange> _changes = [];

    public CapCutCheckTests() => _ledger.Windows.AddRange(Sample().Windows);

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void A_cut_explains_no_more_than_the_amount_by_which_the_budget_was_lowered(long amount, bool isSound)
    {
        Cut(amount);
        _changes.Add(new CapChange(At, Budget, Nanos(100)));
        Violations.Should().Equal(isSound ? [] : [new Violation(Invariant.CapCutRecorded, Subject,
            "at most the 0.0000001 USD by which the budget was lowered", "0.000000101 USD")]);
    }

    [Fact]
    public void Of_several_changes_at_once_the_largest_is_what_a_cut_is_held_to()
    {
        Cut(101);
        _changes.AddRange([new CapChange(At, Budget, Nanos(60)), new CapChange(At, Budget, Nanos(100)), new CapChange(At, Budget, Nanos(80))]);
        Violations.Should().Equal(new Violation(Invariant.CapCutRecorded, Subject,
            "at most the 0.0000001 USD by which the budget was lowered", "0.000000101 USD"));
    }

    [Fact]
    public void Each_cut_counts_as_looked_at_whether_it_is_sound_or_not()
    {
        Cut(1);
        Cut(2);
        _changes.Add(new CapChange(At, Budget, Nanos(1)));
        var report = Run();
        report.Checked[Invariant.CapCutRecorded].Should().Be(2);
        report.Violations.Should().ContainSingle();
    }

    [Fact]
    public void A_budget_that_was_only_watched_may_stand_anywhere_when_it_is_capped()
    {
        Cut(1_000_000);
        _changes.AddRange([new CapChange(At, Budget, Nanos(1)), new CapChange(At, Budget, null)]);
        Violations.Should().BeEmpty();
    }

    [Theory]
    [InlineData(At + 1, true)]
    [InlineData(At, false)]
    public void A_change_of_another_moment_or_budget_explains_nothing(long at, bool isSameBudget)
    {
        Cut(1);
        _changes.Add(new CapChange(at, isSameBudget ? Budget : Watched.Window.Budget.BudgetId, null));
        Violations.Should().Equal(new Violation(Invariant.CapCutRecorded, Subject,
            $"an audit record that lowers budget {Budget} or caps it, at {At}", "none"));
    }

    [Fact]
    public void A_cut_of_a_window_that_does_not_exist_is_reported()
    {
        _ledger.Windows.Clear();
        Cut(1);
        Violations.Should().Equal(new Violation(Invariant.CapCutRecorded, Subject, "a window", "no such window"));
    }

    [Fact]
    public void Excesses_that_events_explain_need_no_record()
    {
        _ledger.Excesses.Add(new WindowExcess(Org, Cap.WindowId, ExcessKind.Overrun, Id(90), 0, Nanos(5), At));
        Violations.Should().BeEmpty();
        Run().Checked.Should().NotContainKey(Invariant.CapCutRecorded);
    }

    private IReadOnlyList<Violation> Violations => Run().Violations;

    private VerificationReport Run()
    {
        var report = new VerificationReport();
        CapCutCheck.Run(_ledger.Rules, _changes, report);
        return report;
    }

    private void Cut(long amount) =>
        _ledger.Excesses.Add(new WindowExcess(Org, Cap.WindowId, ExcessKind.CapCut, Id(90), 0, Nanos(amount), At));
}
