using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class RefusalCheckTests
{
    // Refusals of the sample: limit 100, settled 90, reserved 5; 11 were needed (exceeded), or 6 (held).
    private readonly LedgerRows _ledger = Sample();

    private static Violation Wrong(string invariant, Guid id, string expected, string found) =>
        new(invariant, $"refusal {id}", expected, found);

    [Theory]
    [InlineData("no")]
    [InlineData("")]
    [InlineData("MODEL_NOT_ALLOWED")]
    public void Code_that_is_none_is_reported(string code)
    {
        _ledger.ChangeRefusal(NotAllowed, r => r with { Code = code });
        _ledger.Violations.Should().Equal(Wrong(Invariant.RefusalNames, NotAllowed, "a known code", code));
    }

    [Fact]
    public void Key_and_rules_of_a_refusal_exist()
    {
        _ledger.ChangeRefusal(Exceeded, r => r with { KeyId = Id(80), PolicyId = Id(81), BudgetId = Id(82) });
        _ledger.Violations.Should().Equal(
            Wrong(Invariant.RefusalNames, Exceeded, $"key {Id(80)}", "no such key"),
            Wrong(Invariant.RefusalNames, Exceeded, $"policy {Id(81)}", "no such policy"),
            Wrong(Invariant.RefusalNames, Exceeded, $"budget {Id(82)}", "no such budget"));
    }

    [Fact]
    public void Refusal_need_not_rest_on_a_policy()
    {
        _ledger.ChangeRefusal(NotAllowed, r => r with { PolicyId = null });
        _ledger.Violations.Should().BeEmpty();
    }

    // Of limit, settled, reserved, needed.
    [Theory]
    [InlineData(100, 90, 5, 11, true)]
    [InlineData(100, 90, 5, 10, false)]
    [InlineData(100, 101, 0, 0, true)]
    [InlineData(100, 100, 5, 0, false)]
    [InlineData(0, 0, 0, 0, true)]
    [InlineData(1, 0, 0, 0, false)]
    [InlineData(long.MaxValue, long.MaxValue, 0, 1, true)]
    [InlineData(-1, 0, 0, 0, false)]
    [InlineData(0, -1, 0, 5, false)]
    [InlineData(0, 0, -1, 5, false)]
    [InlineData(0, 0, 0, -1, false)]
    public void Budget_is_exceeded_by_what_is_settled_and_needed(long limit, long settled, long reserved, long needed, bool isSound) =>
        CheckFigures(Exceeded, "budget_exceeded", limit, settled, reserved, needed, isSound);

    [Theory]
    [InlineData(100, 90, 5, 6, true)]
    [InlineData(100, 90, 5, 10, true)]
    [InlineData(100, 90, 5, 11, false)]
    [InlineData(100, 90, 5, 5, false)]
    [InlineData(0, 0, 0, 0, false)]
    [InlineData(0, 0, 1, 0, true)]
    [InlineData(long.MaxValue, 1, long.MaxValue, 0, true)]
    [InlineData(-1, -2, 5, 0, false)]
    [InlineData(100, -1, 101, 1, false)]
    [InlineData(100, 50, 101, -1, false)]
    public void Budget_is_held_by_what_is_reserved_besides(long limit, long settled, long reserved, long needed, bool isSound) =>
        CheckFigures(AllHeld, "budget_held", limit, settled, reserved, needed, isSound);

    private void CheckFigures(Guid id, string code, long limit, long settled, long reserved, long needed, bool isSound)
    {
        _ledger.ChangeRefusal(id, r => r with { Limit = limit, Settled = settled, Reserved = reserved, Needed = needed });
        _ledger.Violations.Should().Equal(isSound ? [] : [Wrong(Invariant.RefusalFigures, id, $"figures that give {code}",
            $"{code} with limit {limit}, settled {settled}, reserved {reserved}, needed {needed} in 0..{EndOfMonth}")]);
    }

    [Theory]
    [InlineData(6, 7, true)]
    [InlineData(7, 7, false)]
    [InlineData(8, 7, false)]
    public void Window_of_a_refusal_begins_before_it_ends(long start, long end, bool isSound)
    {
        _ledger.ChangeRefusal(AllHeld, r => r with { StartsAt = start, EndsAt = end });
        _ledger.Violations.Should().Equal(isSound ? [] : [Wrong(Invariant.RefusalFigures, AllHeld, "figures that give budget_held",
            $"budget_held with limit 100, settled 90, reserved 5, needed 6 in {start}..{end}")]);
    }

    [Fact]
    public void Refusal_by_a_rule_has_no_figures()
    {
        _ledger.ChangeRefusal(AllHeld, r => r with { Code = "model_not_allowed" });
        _ledger.Violations.Should().Equal(Wrong(Invariant.RefusalFigures, AllHeld, "figures that give budget_exceeded",
            $"model_not_allowed with limit 100, settled 90, reserved 5, needed 6 in 0..{EndOfMonth}"));
    }

    public static TheoryData<string> Figures => [.. Missing.Keys];

    private static Dictionary<string, Func<Refused, Refused>> Missing { get; } = new()
    {
        ["budget"] = r => r with { BudgetId = null },
        ["limit"] = r => r with { Limit = null },
        ["settled"] = r => r with { Settled = null },
        ["reserved"] = r => r with { Reserved = null },
        ["needed"] = r => r with { Needed = null },
        ["start"] = r => r with { StartsAt = null },
        ["end"] = r => r with { EndsAt = null },
        ["all"] = r => new Refused(r.RequestId, r.Code),
    };

    [Theory]
    [MemberData(nameof(Figures))]
    public void Refusal_for_want_of_money_has_all_figures(string missing)
    {
        foreach (var id in new[] { Exceeded, AllHeld }) _ledger.ChangeRefusal(id, Missing[missing]);
        _ledger.Violations.Should().Equal(
            Wrong(Invariant.RefusalFigures, Exceeded, "all figures of its window", "some are missing"),
            Wrong(Invariant.RefusalFigures, AllHeld, "all figures of its window", "some are missing"));
    }

    [Fact]
    public void Refusal_by_a_rule_has_none_of_the_figures()
    {
        var budgetId = Cap.Window.Budget.BudgetId;
        _ledger.Refuse(new Refused(Id(19), "model_not_allowed") { BudgetId = budgetId });
        _ledger.Refuse(new Refused(Id(20), "model_not_allowed") { Limit = 3 });
        _ledger.Violations.Should().Equal(
            Wrong(Invariant.RefusalFigures, Id(19), "all figures of its window", "some are missing"),
            Wrong(Invariant.RefusalFigures, Id(20), "all figures of its window", "some are missing"));
    }

    [Fact]
    public void Refused_request_is_not_spent()
    {
        _ledger.Refuse(new Refused(Overrun, "model_not_allowed"));
        _ledger.Violations.Should().Equal(Wrong(Invariant.RefusalNotSpent, Overrun, "no spend event", "one"));
    }

    [Fact]
    public void Refused_request_is_not_held()
    {
        _ledger.Refuse(new Refused(Open, "model_not_allowed"));
        _ledger.Violations.Should().Equal(Wrong(Invariant.RefusalNotSpent, Open, "no open reservation", "one"));
    }

    [Fact]
    public void Refused_request_may_have_been_held_and_released()
    {
        _ledger.Refuse(new Refused(Released, "model_not_allowed"));
        _ledger.Violations.Should().BeEmpty();
    }
}
