using Spendra.Core.Ledger;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger;

public sealed class BatchTests
{
    private static readonly WindowClaim A = Hard(1, limit: 100);
    private static readonly WindowClaim B = Hard(2, limit: 100);

    private readonly LedgerLane _lane = new();

    [Theory]
    [InlineData("settle")]
    [InlineData("release")]
    public void What_ends_in_a_batch_frees_money_for_reservations_that_came_earlier(string ending)
    {
        _lane.Run(_lane.Reserve(10, 100, A));
        var outcomes = _lane.Run(_lane.Reserve(11, 90, A), ending == "settle" ? _lane.Settle(10, 10) : _lane.Release(10));
        outcomes[0].Should().BeOfType<LedgerOutcome.Admitted>();
        outcomes[1].Should().BeOfType<LedgerOutcome.Ended>();
    }

    [Fact]
    public void Reservations_are_decided_in_order_of_arrival()
    {
        var outcomes = _lane.Run(_lane.Reserve(10, 60, A), _lane.Reserve(11, 60, A), _lane.Reserve(12, 40, A));
        outcomes.Select(o => o is LedgerOutcome.Admitted).Should().Equal(true, false, true);
    }

    [Fact]
    public void Each_admission_reports_the_windows_as_it_left_them()
    {
        var outcomes = _lane.Run(_lane.Reserve(10, 10, A), _lane.Reserve(11, 20, A));
        outcomes.Cast<LedgerOutcome.Admitted>().Select(o => o.Windows[0].Remaining.Value).Should().Equal(90, 70);
        _lane.Written.Windows.Should().ContainSingle().Which.Reserved.Should().Be(Nanos(30));
    }

    [Fact]
    public void Command_that_fails_changes_nothing_and_the_others_go_on()
    {
        _lane.Run(_lane.Reserve(10, 30, A), _lane.Reserve(11, 30, A, B), _lane.Reserve(12, 30, A));
        _lane.Store.Windows.Remove(new RowKey(Org, B.WindowId));

        var outcomes = _lane.Run(
            _lane.Settle(10, 5), _lane.Settle(11, 5), _lane.Settle(12, -1), _lane.Reserve(13, -3, A),
            _lane.Adjust(10, -6), _lane.Settle(12, 7), _lane.Reserve(14, 58, A));

        outcomes.Select(o => o.GetType().Name).Should().Equal("Ended", "Failed", "Failed", "Failed", "Failed", "Ended", "Admitted");
        _lane.Totals(A).Should().Be((88, 12));
        _lane.Store.Entries.Keys.Select(k => k.Sequence).Should().BeEquivalentTo([1L, 2L]);
        _lane.Store.Open.Keys.Select(k => k.Id).Should().BeEquivalentTo([Id(11), Id(14)]);
    }

    [Fact]
    public void Entries_and_outbox_are_numbered_without_gaps_per_organization()
    {
        _lane.Run([.. Enumerable.Range(10, 6).Select(i => _lane.Reserve(i, 1, A))]);
        _lane.Run(_lane.Settle(10, 1), _lane.Settle(10, 1), _lane.Expire(11), _lane.Release(12), _lane.Adjust(10, 1));
        _lane.Run(_lane.Settle(11, 1), _lane.Adjust(10, -9), _lane.Settle(13, 1));

        _lane.Store.Entries.Keys.Select(k => k.Sequence).Order().Should().Equal(1, 2, 3, 4, 5);
        _lane.Store.Outbox.Keys.Select(k => k.Sequence).Order().Should().Equal(1, 2, 3, 4, 5, 6);
        _lane.Store.Outbox[(Org, 3)].Topic.Should().Be(OutboxTopic.Release);
        _lane.Store.Organizations[Org].Should().Be(new OrganizationRow(Org, Epoch, 5, 6));
        _lane.Store.Organizations[OtherOrg].Should().Be(new OrganizationRow(OtherOrg, Epoch, 0, 0));
    }

    [Fact]
    public void Organizations_count_apart_within_a_batch()
    {
        var other = _lane.Reserve(20, 1, A);
        other = other with { OrganizationId = OtherOrg, Reservation = other.Reservation with { OrganizationId = OtherOrg } };
        _lane.Run(_lane.Reserve(10, 1, A), other);
        _lane.Run(_lane.Settle(10, 1), _lane.Settle(20, 1) with { OrganizationId = OtherOrg });
        _lane.Store.Entries.Keys.Should().BeEquivalentTo([(Org, 1L), (OtherOrg, 1L)]);
        _lane.Written.Organizations.Should().HaveCount(2);
    }

    [Fact]
    public void Empty_batch_writes_nothing()
    {
        _lane.Run().Should().BeEmpty();
        _lane.NothingWritten();
    }

    [Fact]
    public void Batch_that_moves_no_window_still_writes()
    {
        // Free reservations without windows: an opening, an ending and a correction are rows of their own.
        _lane.Run(_lane.Reserve(10, 0), _lane.Reserve(11, 0));
        _lane.Written.IsEmpty.Should().BeFalse();
        _lane.Run(_lane.Release(11));
        _lane.Written.IsEmpty.Should().BeFalse();
        _lane.Run(_lane.Settle(10, 0));
        _lane.Run(_lane.Adjust(10, 1));
        _lane.Written.Windows.Should().BeEmpty();
        _lane.Written.IsEmpty.Should().BeFalse();
    }

    [Fact]
    public void Reservation_that_is_not_open_cannot_be_closed()
    {
        var state = new LedgerState();
        state.Organizations[Org] = new OrganizationRow(Org, Epoch, 0, 0);
        var batch = new LedgerBatch(state, nowMicros: 1);
        FluentActions.Invoking(() => batch.CloseReleased(_lane.Reserve(10, 1, A).Reservation, "not_sent"))
            .Should().Throw<LedgerInvariantException>();
        batch.Complete().Released.Should().BeEmpty();
    }

    [Fact]
    public void Command_of_a_foreign_kind_fails_alone()
    {
        var outcomes = _lane.Run(new Foreign(Org, Id(10)), _lane.Reserve(11, 1, A));
        outcomes[0].Should().BeOfType<LedgerOutcome.Failed>();
        outcomes[1].Should().BeOfType<LedgerOutcome.Admitted>();
    }

    [Fact]
    public void Batch_decided_again_after_an_ambiguous_commit_changes_nothing()
    {
        _lane.Run(_lane.Reserve(10, 10, A, B), _lane.Reserve(11, 10, A), _lane.Once(12, 10, 1, 1, A), _lane.Reserve(13, 10, A));
        _lane.Run(_lane.Settle(13, 10), _lane.Expire(11));
        LedgerCommand[] batch =
        [
            _lane.Settle(10, 15), _lane.Settle(11, 12), _lane.Release(12), _lane.Adjust(13, -4) with { AfterEvent = 0 },
            _lane.Reserve(20, 30, A, B), _lane.Once(21, 5, 1, 1, A), _lane.Once(22, 5, 1, 1, A), _lane.Reserve(23, 500, A),
        ];
        var first = _lane.Run(batch);
        var (totalsA, totalsB) = (_lane.Totals(A), _lane.Totals(B));

        var again = _lane.Run(isRepeated: true, batch);

        _lane.NothingWritten();
        (_lane.Totals(A), _lane.Totals(B)).Should().Be((totalsA, totalsB));
        again.Select(o => o.GetType().Name).Should().Equal(
            "AlreadyEnded", "AlreadyEnded", "AlreadyEnded", "AlreadyEnded", "Admitted", "Admitted", "Repeated", "Refused");
        ((LedgerOutcome.Admitted)again[5]).Windows.Should().Equal(((LedgerOutcome.Admitted)first[5]).Windows);
        again[6].Should().Be(first[6]);
    }

    [Fact]
    public void Reservation_that_has_ended_is_not_reserved_again()
    {
        var (settled, released) = (_lane.Reserve(10, 10, A), _lane.Reserve(11, 10, A));
        _lane.Run(settled, released);
        _lane.Run(_lane.Settle(10, 3), _lane.Release(11));
        var outcomes = _lane.Run(isRepeated: true, settled, released);
        outcomes.Should().AllBeOfType<LedgerOutcome.AlreadyEnded>();
        _lane.NothingWritten();
        _lane.Totals(A).Should().Be((0, 3));
    }

    [Fact]
    public void Repeated_reservation_stands_though_the_rules_have_changed()
    {
        var command = _lane.Reserve(10, 10, A);
        _lane.Run(command);
        _lane.Store.Organizations[Org] = _lane.Store.Organizations[Org] with { Epoch = Epoch + 1 };
        _lane.RunOne<LedgerOutcome.Admitted>(command).Windows[0].Reserved.Should().Be(Nanos(10));
        _lane.NothingWritten();
    }

    private sealed record Foreign(Guid OrganizationId, Guid ReservationId) : LedgerCommand(OrganizationId, ReservationId)
    {
        public override System.Collections.Immutable.ImmutableArray<Guid> WindowIds => [];
    }
}
