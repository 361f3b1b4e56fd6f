using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

/// <summary>Idempotency keys and objects at providers, which name reservations.</summary>
public sealed class ReferenceTests
{
    private readonly LedgerRows _ledger = Sample();

    private static Violation WrongKey(Guid id, string expected, string found) =>
        new(Invariant.Idempotency, $"idempotency key of reservation {id}", expected, found);

    private static Violation WrongObject(Guid id, string expected, string found) =>
        new(Invariant.ObjectReservation, $"provider object of reservation {id}", expected, found);

    private static Violation KeyMissing(Guid id) => new(
        Invariant.IdempotencyHeld, $"reservation {id}", "the idempotency key that its caller sent", "none");

    [Fact]
    public void Idempotency_key_names_a_reservation_that_is_open_or_spent()
    {
        _ledger.References.Add(new Reference(Released, Key, Digest(7)));
        _ledger.References.Add(new Reference(Id(77), Key, Digest(8)));
        _ledger.Violations.Should().Equal(
            WrongKey(Released, "an open or spent reservation", "none"), WrongKey(Id(77), "an open or spent reservation", "none"));
    }

    [Fact]
    public void Idempotency_key_is_of_the_key_of_its_reservation()
    {
        _ledger.References.Add(new Reference(Open, Id(80), Digest(7)));
        _ledger.References.Add(new Reference(Overrun, Id(81), Digest(7)));
        _ledger.Violations.Should().Equal(
            WrongKey(Overrun, $"key {Key}", $"key {Id(81)}"), WrongKey(Open, $"key {Key}", $"key {Id(80)}"));
    }

    [Fact]
    public void Idempotency_key_of_another_key_does_not_hide_the_one_that_was_sent()
    {
        var sent = _ledger.References.Single(r => r.ReservationId == Open);
        _ledger.References.Add(sent with { KeyId = Id(80) });
        _ledger.Violations.Should().Equal(WrongKey(Open, $"key {Key}", $"key {Id(80)}"));
    }

    [Fact]
    public void Each_reservation_is_compared_with_its_own_key()
    {
        _ledger.Keys.Add(Id(80));
        _ledger.ChangeOpen(h => h with { Facts = h.Facts with { KeyId = Id(80) } });
        _ledger.ChangeFacts(Overrun, 0, f => f with { KeyId = Id(80) });
        _ledger.References.Add(new Reference(Overrun, Id(80), Digest(7)));
        _ledger.Violations.Should().Equal(WrongKey(Open, $"key {Id(80)}", $"key {Key}"));
    }

    [Fact]
    public void Open_reservation_whose_idempotency_key_is_gone_is_reported()
    {
        _ledger.References.RemoveAll(r => r.ReservationId == Open);
        _ledger.Violations.Should().Equal(KeyMissing(Open));
    }

    [Fact]
    public void Open_reservation_has_the_idempotency_key_that_was_sent()
    {
        var at = _ledger.References.FindIndex(r => r.ReservationId == Open);
        _ledger.References[at] = _ledger.References[at] with { Digest = Digest(9) };
        _ledger.Violations.Should().Equal(KeyMissing(Open));
    }

    [Fact]
    public void Another_idempotency_key_beside_the_one_that_was_sent_changes_nothing()
    {
        var at = _ledger.References.FindIndex(r => r.ReservationId == Open);
        _ledger.References.Insert(at, _ledger.References[at] with { Digest = Digest(9) });
        _ledger.References.Add(_ledger.References[at + 1] with { Digest = Digest(8) });
        _ledger.Violations.Should().BeEmpty();
    }

    [Fact]
    public void Open_reservation_without_an_idempotency_key_needs_none()
    {
        _ledger.References.RemoveAll(r => r.ReservationId == Open);
        _ledger.ChangeOpen(h => h with { Digest = null });
        var report = _ledger.Verify();
        report.Violations.Should().BeEmpty();
        report.Checked[Invariant.IdempotencyHeld].Should().Be(0);
    }

    [Fact]
    public void Object_names_a_reservation()
    {
        _ledger.References.Add(new Reference(Id(77), Key, null));
        _ledger.Violations.Should().Equal(WrongObject(Id(77), "a reservation", "none"));
    }

    [Fact]
    public void Object_may_be_of_what_is_open_or_released()
    {
        _ledger.References.Add(new Reference(Open, Key, null));
        _ledger.References.Add(new Reference(Released, Key, null));
        var report = _ledger.Verify();
        report.Violations.Should().BeEmpty();
        report.Checked[Invariant.ObjectReservation].Should().Be(3);
    }

    [Fact]
    public void Object_is_of_the_key_of_its_reservation()
    {
        foreach (var id in new[] { Overrun, Released, Open }) _ledger.References.Add(new Reference(id, Id(80), null));
        _ledger.Violations.Should().Equal(new[] { Overrun, Released, Open }.Select(id => WrongObject(id, $"key {Key}", $"key {Id(80)}")));
    }

    [Fact]
    public void Nothing_is_spent_or_released_before_the_first_row()
    {
        var ledger = new LedgerRows();
        ledger.References.Add(new Reference(Guid.Empty, Guid.Empty, null));
        ledger.References.Add(new Reference(Guid.Empty, Guid.Empty, Digest(1)));
        ledger.Refuse(new Refused(Guid.Empty, "model_not_allowed"));
        ledger.Violations.Should().Equal(
            WrongObject(Guid.Empty, "a reservation", "none"), WrongKey(Guid.Empty, "an open or spent reservation", "none"));
    }
}
