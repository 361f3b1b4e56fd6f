using Spendra.Control.Close;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

public sealed class ClosingChecklistTests
{
    [Fact]
    public void A_month_that_may_be_locked_has_nothing_that_stops_it() =>
        ClosingChecklist.Of(Month()).Should().OnlyContain(i => i.IsFine);

    [Fact]
    public void What_stops_it_is_told_in_the_words_of_the_check()
    {
        var found = ClosingChecklist.Of(Month() with { OpenReservations = 2, Obstacles = ["2 requests have not ended."] });

        found.Where(i => !i.IsFine).Should().Equal(new ClosingItem("2 requests have not ended.", false));
        found.Should().NotContain(i => i.Text.StartsWith("Every request"));
    }

    [Fact]
    public void Bills_that_are_not_explained_can_be_waived() =>
        ClosingChecklist.Of(Month() with { Accounts = [new PeriodAccountView("main", null, null, false, false)], Unexplained = ["main"] })
            .Should().ContainSingle(i => !i.IsFine).Which.CanBeWaived.Should().BeTrue();

    [Fact]
    public void Requests_in_doubt_stop_nothing() =>
        ClosingChecklist.Of(Month() with { InDoubt = 3 }).Should().OnlyContain(i => i.IsFine).And.Contain(i => i.Text.StartsWith("3 requests"));

    private static PeriodView Month() => new("2026-10", false, null, 10, NanoUsd.FromUsd(5), NanoUsd.Zero, 0, 0, 0, [], "1.00", [], []);
}
