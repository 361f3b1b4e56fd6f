using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Money;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Tests;

/// <summary>The tables of the simulated world reach the production verification as they are: what is falsified is found.</summary>
public sealed class TableVerificationTests
{
    private readonly SimWorld _world;

    public TableVerificationTests()
    {
        SimWorld? world = null;
        Simulator.Run(1, () => world = new SimWorld(1, keepsTrace: false)).Violations.Should().BeEmpty();
        _world = world!;
        Verify().Should().BeEmpty();
        _world.Store.Tables.Postings.Should().NotBeEmpty();
    }

    private Guid Organization => _world.Store.Tables.Entries.First().Key.Organization;

    [Fact]
    public void An_entry_that_is_not_balanced_is_found()
    {
        var (key, posting) = _world.Store.Tables.Postings.First(p => p.Key.Organization == Organization);
        _world.Store.Tables.Postings[key] = posting with { Amount = posting.Amount + new NanoUsd(1) };

        Verify().Should().Contain(v => v.Invariant == Invariant.EntryBalances);
    }

    [Fact]
    public void An_entry_with_one_line_is_found()
    {
        _world.Store.Tables.Postings.Remove(_world.Store.Tables.Postings.Keys.First(k => k.Organization == Organization));

        Verify().Should().NotBeEmpty();
    }

    [Fact]
    public void An_object_of_a_reservation_that_never_was_is_found()
    {
        _world.Store.Objects[(Organization, "resp-planted")] = new ProviderObject
        {
            OrganizationId = Organization, ObjectId = "resp-planted", Kind = ObjectKind.Response, AccountId = Guid.NewGuid(), KeyId = Guid.NewGuid(),
            ReservationId = Guid.NewGuid(), CreatedAt = 0,
        };

        Verify().Should().ContainSingle().Which.Invariant.Should().Be(Invariant.ObjectReservation);
    }

    private IReadOnlyList<Violation> Verify()
    {
        var report = new VerificationReport();
        TableVerification.Verify(_world.Store, Organization, report);
        return [.. report.Violations];
    }
}
