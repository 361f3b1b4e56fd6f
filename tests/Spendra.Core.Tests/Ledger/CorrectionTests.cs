using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger;

public sealed class CorrectionTests
{
    private static readonly WindowClaim A = Hard(1, limit: 100);

    private readonly LedgerLane _lane = new();

    public CorrectionTests() => _lane.Run(_lane.Reserve(10, 40, A));

    [Theory]
    [InlineData(25, -15)]
    [InlineData(40, 0)]
    [InlineData(55, 15)]
    public void Late_settlement_books_the_difference_to_what_expiry_booked(long cost, long difference)
    {
        _lane.Run(_lane.Expire(10));
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Settle(10, cost)).Should().Be(new LedgerOutcome.Ended(SpendKind.Late, Nanos(cost)));
        _lane.Totals(A).Should().Be((0, cost));

        var spend = _lane.Written.SpendEvents.Should().ContainSingle().Subject;
        spend.Should().Match<SpendEvent>(e => e.EventNumber == 1 && e.Kind == SpendKind.Late && e.EntrySequence == 2
            && e.Settlement.Cost == Nanos(difference) && e.Settlement.UpstreamStatus == 200);
        var entry = _lane.Written.Entries.Should().ContainSingle().Subject;
        entry.Should().Match<JournalEntry>(e => e.Kind == EntryKind.Late && e.Amount == Nanos(difference)
            && e.Corrects == 1 && e.Sequence == 2 && e.EventNumber == 1);
        _lane.Written.Outbox.Should().ContainSingle().Which.EventNumber.Should().Be(1);
        _lane.Written.Closed.Should().BeEmpty();
        _lane.Store.Excesses.Values.Select(e => (e.Kind, e.EventNumber, e.Amount.Value)).Should().BeEquivalentTo(
            difference > 0 ? [(ExcessKind.Late, 1, difference)] : Array.Empty<(ExcessKind, int, long)>());
    }

    [Fact]
    public void Usage_of_all_events_adds_up_to_what_was_used()
    {
        _lane.Run(_lane.Expire(10));
        _lane.Run(_lane.Settle(10, 25));
        var events = _lane.Store.Events.Values.Select(e => e.Settlement.Usage).ToArray();
        events.Sum(u => u.Input).Should().Be(30);
        events.Sum(u => u.CachedInput).Should().Be(20);
        events.Sum(u => u.CacheWrite).Should().Be(0);
        events.Sum(u => u.Output).Should().Be(10);
        events.Sum(u => u.ReasoningWithinOutput).Should().Be(4);
    }

    [Fact]
    public void Late_settlement_with_absurd_usage_fails_and_changes_nothing()
    {
        _lane.Run(_lane.Expire(10));
        var settle = _lane.Settle(10, 25);
        _lane.RunOne<LedgerOutcome.Failed>(
            settle with { Settlement = settle.Settlement with { Usage = new Usage { Input = long.MinValue } } });
        _lane.NothingWritten();
        _lane.Totals(A).Should().Be((0, 40));
        _lane.RunOne<LedgerOutcome.Ended>(settle);
    }

    [Fact]
    public void Late_settlement_happens_once()
    {
        _lane.Run(_lane.Expire(10));
        _lane.Run(_lane.Settle(10, 25));
        _lane.RunOne<LedgerOutcome.AlreadyEnded>(_lane.Settle(10, 5));
        _lane.NothingWritten();
        _lane.Totals(A).Should().Be((0, 25));
    }

    [Fact]
    public void Late_settlement_happens_once_within_a_batch()
    {
        _lane.Run(_lane.Expire(10));
        var outcomes = _lane.Run(_lane.Settle(10, 25), _lane.Settle(10, 5));
        outcomes[0].Should().BeOfType<LedgerOutcome.Ended>();
        outcomes[1].Should().BeOfType<LedgerOutcome.AlreadyEnded>();
        _lane.Totals(A).Should().Be((0, 25));
    }

    [Fact]
    public void Expiry_and_settlement_in_one_batch_are_an_expiry_and_a_late_settlement()
    {
        var outcomes = _lane.Run(_lane.Expire(10), _lane.Settle(10, 25));
        outcomes.Should().Equal(
            new LedgerOutcome.Ended(SpendKind.Expired, Nanos(40)), new LedgerOutcome.Ended(SpendKind.Late, Nanos(25)));
        _lane.Totals(A).Should().Be((0, 25));
        _lane.Written.SpendEvents.Select(e => e.EventNumber).Should().Equal(0, 1);
    }

    [Fact]
    public void Adjustment_is_a_new_entry_that_names_what_it_corrects()
    {
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Adjust(10, -12)).Should().Be(new LedgerOutcome.Ended(SpendKind.Adjusted, Nanos(18)));
        _lane.Totals(A).Should().Be((0, 18));
        _lane.Written.SpendEvents.Single().Should().Match<SpendEvent>(e => e.EventNumber == 1 && e.Reason == "provider credit"
            && e.Settlement.Cost == Nanos(-12) && e.Kind == SpendKind.Adjusted && e.Settlement.Usage == default(Usage));
        _lane.Written.Entries.Single().Should().Match<JournalEntry>(e => e.Kind == EntryKind.Adjustment
            && e.Corrects == 1 && e.Amount == Nanos(-12));
        _lane.Store.Excesses.Should().BeEmpty();
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Adjust(10, -18)).Cost.Should().Be(NanoUsd.Zero);
        _lane.Written.SpendEvents.Single().EventNumber.Should().Be(2);
    }

    [Fact]
    public void Adjustment_upward_explains_what_it_adds()
    {
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Adjust(10, 90)).Cost.Should().Be(Nanos(120));
        _lane.Store.Excesses.Values.Should().ContainSingle().Which.Should().Match<WindowExcess>(e =>
            e.Amount == Nanos(90) && e.EventNumber == 1 && e.WindowId == A.WindowId);
    }

    [Fact]
    public void Adjustment_by_nothing_is_an_event_that_explains_nothing()
    {
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Adjust(10, 0)).Cost.Should().Be(Nanos(30));
        _lane.Written.SpendEvents.Should().ContainSingle();
        _lane.Store.Excesses.Should().BeEmpty();
    }

    [Fact]
    public void Adjustment_takes_no_more_than_was_spent()
    {
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Adjust(10, -31));
        _lane.NothingWritten();
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Adjust(10, -30)).Cost.Should().Be(NanoUsd.Zero);
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Adjust(10, -1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void Adjustment_needs_a_reason(string reason)
    {
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Adjust(10, 1, reason));
        _lane.NothingWritten();
    }

    [Fact]
    public void Only_what_was_spent_can_be_adjusted()
    {
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Adjust(10, 1));
        _lane.Run(_lane.Release(10));
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Adjust(10, 1));
        _lane.NothingWritten();
    }

    [Fact]
    public void Late_settlement_after_an_adjustment_ends_at_the_real_cost()
    {
        _lane.Run(_lane.Expire(10));
        _lane.Run(_lane.Adjust(10, -30));
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Settle(10, 25)).Cost.Should().Be(Nanos(25));
        _lane.Totals(A).Should().Be((0, 25));
        _lane.Store.Excesses.Values.Should().ContainSingle().Which.Amount.Should().Be(Nanos(15));
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Adjust(10, -25)).Cost.Should().Be(NanoUsd.Zero);
    }

    [Fact]
    public void Adjustment_beyond_all_arithmetic_fails()
    {
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Adjust(10, long.MaxValue)).Error.Should().BeOfType<OverflowException>();
        _lane.NothingWritten();
    }

    [Fact]
    public void Adjustment_made_after_an_event_is_made_once()
    {
        _lane.Run(_lane.Settle(10, 30));
        var adjust = _lane.Adjust(10, -5) with { AfterEvent = 0 };
        _lane.RunOne<LedgerOutcome.Ended>(adjust).Cost.Should().Be(Nanos(25));
        _lane.RunOne<LedgerOutcome.AlreadyEnded>(adjust);
        _lane.NothingWritten();
        _lane.Totals(A).Should().Be((0, 25));
        _lane.RunOne<LedgerOutcome.Ended>(adjust with { AfterEvent = 1 }).Cost.Should().Be(Nanos(20));
    }

    [Fact]
    public void Adjustment_after_an_event_that_is_not_there_yet_fails()
    {
        _lane.Run(_lane.Settle(10, 30));
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Adjust(10, -5) with { AfterEvent = 1 });
        _lane.NothingWritten();
    }
}
