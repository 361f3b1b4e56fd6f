using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Tests.Governance;
using Spendra.Core.Tests.Ledger;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Budgets;

/// <summary>Money that is part of a budget for a time only.</summary>
public sealed class BudgetIncreaseTests
{
    private readonly Budget _budget = new World().Budget(300, "150") with
    {
        Increases = [new BudgetIncrease(Id(1), Usd("30"), Noon), new BudgetIncrease(Id(2), Usd("20"), Noon + 10)],
    };

    [Theory]
    [InlineData(Noon - 1, "150")]
    [InlineData(Noon, "120")]
    [InlineData(Noon + 9, "120")]
    [InlineData(Noon + 10, "100")]
    public void An_increase_covers_nothing_from_its_end_on(long at, string amount) => _budget.AmountAt(at).Should().Be(Usd(amount));

    [Fact]
    public void Another_amount_for_good_keeps_the_increases()
    {
        _budget.BaseAmount.Should().Be(Usd("100"));
        var changed = _budget.WithBaseAmount(Usd("7"));
        changed.Amount.Should().Be(Usd("57"));
        changed.BaseAmount.Should().Be(Usd("7"));
        (_budget with { Increases = [] }).BaseAmount.Should().Be(Usd("150"));
    }

    [Theory]
    [InlineData(999, true)]
    [InlineData(1_000, false)]
    public void The_ledger_refuses_by_the_clock_what_only_an_ended_increase_would_cover(long now, bool fits)
    {
        var plain = LedgerLane.Hard(1, limit: 150);
        var budget = plain.Window.Budget with { Increases = [new BudgetIncrease(Id(1), new NanoUsd(30), Until: 1_000)] };
        var claim = plain with { Window = plain.Window with { Budget = budget } };
        var state = new LedgerState();
        state.Organizations[LedgerLane.Org] = new OrganizationRow(LedgerLane.Org, LedgerLane.Epoch, 0, 0);

        var outcome = LedgerMachine.Decide(state, [new LedgerLane().Reserve(10, 121, claim)], now).Outcomes[0];

        if (fits) outcome.Should().BeOfType<LedgerOutcome.Admitted>().Which.Windows[0].Limit.Should().Be(new NanoUsd(150));
        else outcome.Should().BeOfType<LedgerOutcome.Refused>().Which.Refusal.Window!.Limit.Should().Be(new NanoUsd(120));
    }

    [Fact]
    public void A_budget_that_is_open_by_an_increase_alone_is_closed_when_it_ends()
    {
        var world = new World();
        var budget = world.Budget(300, "0");
        world.HardCap(200, budget);
        world.Put(budget with { Amount = Usd("5"), Increases = [new BudgetIncrease(Id(1), Usd("5"), Noon)] });

        world.Admit(Chat(), at: Noon - 1);
        world.Deny(Chat(), at: Noon).Code.Should().Be(RefusalCode.BudgetExceeded);
    }
}
