using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger;

public sealed class RefusalKeepingTests
{
    private readonly LedgerLane _lane = new();

    [Fact]
    public void Refusal_is_kept_and_announced_and_moves_nothing()
    {
        var refused = Refused(Org, 10);
        _lane.RunOne<LedgerOutcome.Kept>(refused);
        _lane.Written.Refusals.Should().Equal(refused.Refusal);
        _lane.Written.Outbox.Should().ContainSingle().Which.Announcement.Should().BeEquivalentTo(
            new { Sequence = 1L, Topic = OutboxTopic.Refusal, SubjectId = Id(10), EventNumber = 0 });
        (_lane.Written.Entries.Count + _lane.Written.Windows.Count + _lane.Written.SpendEvents.Count).Should().Be(0);
        _lane.Written.IsEmpty.Should().BeFalse();
    }

    [Fact]
    public void Refusal_that_is_kept_already_is_not_written_again()
    {
        _lane.Run(Refused(Org, 10), Refused(Org, 10));
        _lane.Written.Refusals.Should().ContainSingle();
        _lane.Run(isRepeated: true, Refused(Org, 10)).Should().Equal(LedgerOutcome.Kept.Instance);
        _lane.NothingWritten();
    }

    [Fact]
    public void Refusal_of_an_organization_that_is_not_there_fails_alone()
    {
        var outcomes = _lane.Run(Refused(Id(999), 10), Refused(Org, 11));
        outcomes[0].Should().BeOfType<LedgerOutcome.Failed>();
        _lane.Written.Refusals.Should().ContainSingle().Which.RequestId.Should().Be(Id(11));
    }

    private static RefuseCommand Refused(Guid organizationId, int id) => new(new RefusalRecord
    {
        OrganizationId = organizationId,
        RequestId = Id(id),
        KeyId = Key,
        RefusedAt = 5,
        Route = "chat.completions",
        Refusal = new Refusal(RefusalCode.ModelNotAllowed, "not allowed"),
    });
}
