using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger;

public sealed class IdempotencyTests
{
    private static readonly WindowClaim A = Hard(1, limit: 100);

    private readonly LedgerLane _lane = new();

    public IdempotencyTests() => _lane.Run(_lane.Once(10, 40, key: 1, body: 1, A));

    [Fact]
    public void Same_request_while_the_first_runs_is_in_progress()
    {
        Repeated(11, key: 1, body: 1).Should().Be((RefusalCode.IdempotencyInProgress, Id(10)));
        _lane.NothingWritten();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Same_request_after_the_first_was_booked_cannot_be_replayed(bool isExpired)
    {
        _lane.Run(isExpired ? _lane.Expire(10) : _lane.Settle(10, 1));
        Repeated(11, key: 1, body: 1).Should().Be((RefusalCode.IdempotencyReplayUnavailable, Id(10)));
        _lane.NothingWritten();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Another_body_under_the_same_key_is_a_mismatch(bool isSettled)
    {
        if (isSettled) _lane.Run(_lane.Settle(10, 1));
        Repeated(11, key: 1, body: 2).Should().Be((RefusalCode.IdempotencyMismatch, Id(10)));
    }

    [Fact]
    public void Key_is_forgotten_with_a_release()
    {
        _lane.Run(_lane.Release(10));
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Once(11, 40, key: 1, body: 2, A));
        Repeated(12, key: 1, body: 2).Should().Be((RefusalCode.IdempotencyInProgress, Id(11)));
    }

    [Fact]
    public void Key_freed_by_a_batch_can_be_used_by_the_same_batch()
    {
        var outcomes = _lane.Run(_lane.Once(11, 100, key: 1, body: 2, A), _lane.Release(10));
        outcomes[0].Should().BeOfType<LedgerOutcome.Admitted>();
        _lane.Store.Idempotency.Should().ContainSingle().Which.Value.ReservationId.Should().Be(Id(11));
    }

    [Fact]
    public void Request_whose_first_is_booked_by_the_same_batch_cannot_be_replayed()
    {
        var outcomes = _lane.Run(_lane.Once(11, 1, key: 1, body: 1, A), _lane.Settle(10, 1));
        outcomes[0].Should().Be(new LedgerOutcome.Repeated(RefusalCode.IdempotencyReplayUnavailable, Id(10)));
    }

    [Fact]
    public void Key_whose_first_request_was_released_elsewhere_is_no_longer_in_progress()
    {
        // The row outlived its release: what the state says of the reservation decides, not that it was once open.
        var repeat = _lane.Once(11, 1, key: 1, body: 1, A);
        var state = _lane.Store.Load([repeat], isRepeated: false);
        state.StillOpen.Should().Contain(new RowKey(Org, Id(10)));
        state.Released.Add(new RowKey(Org, Id(10)));
        LedgerMachine.Decide(state, [repeat], 5).Outcomes.Should().Equal(
            new LedgerOutcome.Repeated(RefusalCode.IdempotencyReplayUnavailable, Id(10)));
    }

    [Fact]
    public void Two_uses_of_a_key_in_one_batch_admit_the_first()
    {
        var outcomes = _lane.Run(_lane.Once(11, 1, key: 5, body: 5, A), _lane.Once(12, 1, key: 5, body: 5, A));
        outcomes[0].Should().BeOfType<LedgerOutcome.Admitted>();
        outcomes[1].Should().Be(new LedgerOutcome.Repeated(RefusalCode.IdempotencyInProgress, Id(11)));
        _lane.Written.IdempotencyUsed.Should().ContainSingle();
    }

    [Fact]
    public void Refused_request_does_not_use_its_key()
    {
        _lane.RunOne<LedgerOutcome.Refused>(_lane.Once(11, 61, key: 2, body: 1, A));
        _lane.NothingWritten();
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Once(12, 60, key: 2, body: 2, A));
    }

    [Fact]
    public void Repetition_is_named_before_missing_money() =>
        Repeated(11, key: 1, body: 1, amount: 1_000).Code.Should().Be(RefusalCode.IdempotencyInProgress);

    [Fact]
    public void Keys_belong_to_the_scoped_key_that_sent_them()
    {
        var command = _lane.Once(11, 1, key: 1, body: 1, A);
        _lane.RunOne<LedgerOutcome.Admitted>(command with { Reservation = command.Reservation with { KeyId = Id(500) } });
    }

    [Fact]
    public void Keys_are_told_apart_by_every_byte_of_their_digest()
    {
        foreach (var at in (int[])[0, 7, 8, 15, 16, 23, 24, 31])
        {
            var digest = Digest(1);
            digest[at] ^= 1;
            IdempotencyKey.Of(Org, Key, digest).Should().NotBe(IdempotencyKey.Of(Org, Key, Digest(1)));
        }
        IdempotencyKey.Of(Org, Key, Digest(1)).Should().Be(IdempotencyKey.Of(Org, Key, Digest(1)));
    }

    [Fact]
    public void Reservations_without_a_key_are_never_repetitions()
    {
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(11, 1, A));
        _lane.RunOne<LedgerOutcome.Admitted>(_lane.Reserve(12, 1, A));
        _lane.Run(_lane.Release(11));
        _lane.Written.IdempotencyForgotten.Should().BeEmpty();
    }

    [Fact]
    public void Reservation_must_carry_the_digest_of_the_key_that_it_claims()
    {
        // Otherwise its release would forget nothing, or the key of another request.
        var once = _lane.Once(11, 1, key: 3, body: 1, A);
        _lane.RunOne<LedgerOutcome.Failed>(once with { Idempotency = null });
        _lane.RunOne<LedgerOutcome.Failed>(once with { Reservation = once.Reservation with { IdempotencyDigest = null } });
        _lane.RunOne<LedgerOutcome.Failed>(once with { Reservation = once.Reservation with { IdempotencyDigest = Digest(4) } });
        _lane.RunOne<LedgerOutcome.Admitted>(once);
    }

    [Fact]
    public void Digest_of_another_length_fails_alone()
    {
        var once = _lane.Once(11, 1, key: 3, body: 1, A);
        byte[] digest = [1, 2, 3];
        var broken = once with
        {
            Reservation = once.Reservation with { IdempotencyDigest = digest },
            Idempotency = new IdempotencyClaim(digest, digest),
        };
        var outcomes = _lane.Run(broken, _lane.Reserve(12, 1, A));
        outcomes[0].Should().BeOfType<LedgerOutcome.Failed>();
        outcomes[1].Should().BeOfType<LedgerOutcome.Admitted>();
        _lane.Totals(A).Should().Be((41, 0));
    }

    private (RefusalCode Code, Guid Earlier) Repeated(int id, byte key, byte body, long amount = 1)
    {
        var outcome = _lane.RunOne<LedgerOutcome.Repeated>(_lane.Once(id, amount, key, body, A));
        return (outcome.Code, outcome.EarlierReservationId);
    }
}
