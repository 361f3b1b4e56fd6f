using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger;

public sealed class EndTests
{
    private static readonly WindowClaim A = Hard(1, limit: 100);
    private static readonly WindowClaim Watched = Observed(2, limit: 10);

    private readonly LedgerLane _lane = new();

    public EndTests() => _lane.Run(_lane.Reserve(10, 40, A, Watched));

    [Fact]
    public void Settlement_replaces_the_reservation_by_the_cost()
    {
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Settle(10, 25)).Should().Be(new LedgerOutcome.Ended(SpendKind.Settled, Nanos(25)));
        _lane.Totals(A).Should().Be((0, 25));
        _lane.Totals(Watched).Should().Be((0, 25));
        _lane.Store.Open.Should().BeEmpty();
        _lane.Store.Excesses.Should().BeEmpty();

        var spend = _lane.Written.SpendEvents.Should().ContainSingle().Subject;
        spend.Should().Match<SpendEvent>(e => e.EventNumber == 0 && e.Kind == SpendKind.Settled && e.EntrySequence == 1
            && e.Settlement.Cost == Nanos(25) && e.Settlement.Usage.Output == 10 && e.Reason == null);
        spend.Reservation.ReservationId.Should().Be(Id(10));
        _lane.Written.Entries.Should().Equal(new JournalEntry(
            Org, 1, EntryKind.Settlement, Id(10), 0, Account, Nanos(25), spend.OccurredAt));
        _lane.Written.Outbox.Should().Equal(new OutboxRow(Org, 1, OutboxTopic.Spend, Id(10), 0, spend.OccurredAt));
        _lane.Written.Organizations.Should().Equal(new OrganizationRow(Org, Epoch, 1, 1));
    }

    [Fact]
    public void Settlement_for_nothing_is_still_an_event_an_entry_and_a_row_of_the_outbox()
    {
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Settle(10, 0)).Cost.Should().Be(NanoUsd.Zero);
        (_lane.Store.Events.Count, _lane.Store.Entries.Count, _lane.Store.Outbox.Count).Should().Be((1, 1, 1));
        _lane.Totals(A).Should().Be((0, 0));
    }

    [Theory]
    [InlineData(40, 0)]
    [InlineData(41, 1)]
    [InlineData(140, 100)]
    public void Bill_above_its_reservation_is_booked_and_explained_on_each_window(long cost, long overrun)
    {
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Settle(10, cost)).Cost.Should().Be(Nanos(cost));
        _lane.Totals(A).Should().Be((0, cost));
        _lane.Totals(Watched).Should().Be((0, cost));
        _lane.Store.Excesses.Values.Select(e => (e.WindowId, e.Kind, e.CauseId, e.EventNumber, e.Amount.Value)).Should().BeEquivalentTo(
            overrun == 0 ? [] : new[]
            {
                (A.WindowId, ExcessKind.Overrun, Id(10), 0, overrun), (Watched.WindowId, ExcessKind.Overrun, Id(10), 0, overrun),
            });
    }

    [Fact]
    public void Spend_belongs_to_the_window_of_its_reservation_also_when_that_window_has_ended()
    {
        _lane.Run(_lane.Reserve(11, 20, A), _lane.Reserve(12, 5, A));
        _lane.PassTo(A.Window.Span.EndsAt);

        _lane.Run(_lane.Settle(10, 25), _lane.Expire(11), _lane.Release(12));
        _lane.Totals(A).Should().Be((0, 25 + 20));
        _lane.Run(_lane.Settle(11, 8), _lane.Adjust(10, -5));
        _lane.Totals(A).Should().Be((0, 20 + 8));
        _lane.Totals(Watched).Should().Be((0, 20));
    }

    [Fact]
    public void Release_gives_everything_back_books_nothing_and_is_announced()
    {
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Release(10)).Should().Be(new LedgerOutcome.Ended(null, NanoUsd.Zero));
        _lane.Totals(A).Should().Be((0, 0));
        _lane.Totals(Watched).Should().Be((0, 0));
        _lane.Store.Open.Should().BeEmpty();
        var (key, released) = _lane.Store.Released.Should().ContainSingle().Which;
        (key, released.Reservation.ReservationId, released.Reason).Should().Be((new RowKey(Org, Id(10)), Id(10), "not_sent"));
        (_lane.Store.Events.Count, _lane.Store.Entries.Count, _lane.Store.Outbox.Count).Should().Be((0, 0, 1));
        _lane.Written.IsEmpty.Should().BeFalse();
    }

    [Fact]
    public void Expiry_books_the_bound_as_an_estimate()
    {
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Expire(10)).Should().Be(new LedgerOutcome.Ended(SpendKind.Expired, Nanos(40)));
        _lane.Totals(A).Should().Be((0, 40));
        var spend = _lane.Written.SpendEvents.Single();
        spend.Kind.Should().Be(SpendKind.Expired);
        spend.Settlement.IsEstimated.Should().BeTrue();
        spend.Settlement.Cost.Should().Be(Nanos(40));
        spend.Settlement.Usage.Should().Be(new Usage { Input = 100, Output = 50 });
        _lane.Written.Entries.Single().Kind.Should().Be(EntryKind.Expiry);
        _lane.Store.Excesses.Should().BeEmpty();
    }

    [Theory]
    [InlineData("settle", "settle")]
    [InlineData("settle", "release")]
    [InlineData("settle", "expire")]
    [InlineData("release", "settle")]
    [InlineData("release", "release")]
    [InlineData("release", "expire")]
    [InlineData("expire", "expire")]
    public void Reservation_ends_once(string first, string second)
    {
        _lane.RunOne<LedgerOutcome.Ended>(Ending(first));
        var totals = _lane.Totals(A);
        _lane.RunOne<LedgerOutcome.AlreadyEnded>(Ending(second));
        _lane.NothingWritten();
        _lane.Totals(A).Should().Be(totals);
    }

    [Theory]
    [InlineData("settle", "settle")]
    [InlineData("settle", "release")]
    [InlineData("release", "settle")]
    [InlineData("release", "expire")]
    public void Reservation_ends_once_within_a_batch(string first, string second)
    {
        var outcomes = _lane.Run(Ending(first), Ending(second));
        outcomes[0].Should().BeOfType<LedgerOutcome.Ended>();
        outcomes[1].Should().BeOfType<LedgerOutcome.AlreadyEnded>();
        (_lane.Written.Closed.Count, _lane.Written.SpendEvents.Count + _lane.Written.Released.Count).Should().Be((1, 1));
    }

    [Fact]
    public void Release_after_expiry_takes_the_booked_bound_back_once()
    {
        _lane.RunOne<LedgerOutcome.Ended>(Ending("expire"));
        _lane.RunOne<LedgerOutcome.Ended>(Ending("release")).Should().Be(new LedgerOutcome.Ended(SpendKind.Late, NanoUsd.Zero));
        _lane.Totals(A).Settled.Should().Be(0);
        _lane.Written.SpendEvents.Single().Reason.Should().Be("not_sent");
        _lane.RunOne<LedgerOutcome.AlreadyEnded>(Ending("release"));
        _lane.RunOne<LedgerOutcome.AlreadyEnded>(Ending("settle"));
    }

    [Theory]
    [InlineData("settle")]
    [InlineData("release")]
    [InlineData("expire")]
    [InlineData("adjust")]
    public void Reservation_that_never_was_is_unknown(string ending)
    {
        _lane.RunOne<LedgerOutcome.Unknown>(Ending(ending, 77));
        _lane.NothingWritten();
    }

    [Fact]
    public void Ending_in_another_organization_is_unknown() =>
        _lane.RunOne<LedgerOutcome.Unknown>(_lane.Settle(10, 1) with { OrganizationId = OtherOrg });

    [Fact]
    public void Negative_cost_fails_and_leaves_the_reservation_open()
    {
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Settle(10, -1));
        _lane.NothingWritten();
        _lane.RunOne<LedgerOutcome.Ended>(_lane.Settle(10, 1));
    }

    [Fact]
    public void Cost_beyond_all_arithmetic_fails_and_changes_no_window()
    {
        _lane.Run(_lane.Reserve(11, 10, A));
        _lane.Run(_lane.Settle(11, 10));
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Settle(10, long.MaxValue)).Error.Should().BeOfType<OverflowException>();
        _lane.NothingWritten();
        _lane.Totals(A).Should().Be((40, 10));
        _lane.Totals(Watched).Should().Be((40, 0));
    }

    [Fact]
    public void Missing_window_fails_and_changes_nothing()
    {
        _lane.Store.Windows.Remove(new RowKey(Org, Watched.WindowId));
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Settle(10, 5)).Error.Should().BeOfType<LedgerInvariantException>();
        _lane.NothingWritten();
        _lane.Totals(A).Should().Be((40, 0));
    }

    [Fact]
    public void Settlement_follows_the_windows_of_the_reservation_not_those_of_the_command() =>
        _lane.RunOne<LedgerOutcome.Failed>(_lane.Settle(10, 5) with { Windows = [] });

    [Fact]
    public void Free_money_can_be_reserved_again()
    {
        _lane.RunOne<LedgerOutcome.Refused>(_lane.Reserve(11, 100, A));
        _lane.Run(_lane.Release(10));
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(11, 100, A));
    }

    private LedgerCommand Ending(string kind, int id = 10) => kind switch
    {
        "settle" => _lane.Settle(id, 20),
        "release" => _lane.Release(id),
        "expire" => _lane.Expire(id),
        _ => _lane.Adjust(id, 1),
    };
}
