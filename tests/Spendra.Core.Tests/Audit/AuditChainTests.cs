using Spendra.Core.Audit;

namespace Spendra.Core.Tests.Audit;

public sealed class AuditChainTests
{
    private static readonly AuditRecord Change = new()
    {
        OrganizationId = new Guid("0190a1b2-c3d4-7e5f-8a9b-acbdcedfe0f1"), Sequence = 0, RecordedAt = 1_773_576_000_000_000,
        Actor = "ada", Action = "update", SubjectKind = "budget", Subject = "march", BeforeState = """{"amount":"1"}""",
        AfterState = """{"amount":"2"}""", Reason = "für Q2", Origin = "cli", PreviousHash = [], Hash = [],
    };

    private static readonly AuditRecord First = AuditChain.Append(AuditHead.Start, Change);
    private static readonly AuditRecord Second = AuditChain.Append(AuditChain.HeadOf(First), Change with { Reason = "again" });

    [Fact]
    public void Hash_of_a_record_never_changes_between_releases()
    {
        // Worked out independently: chains in the field must stay provable.
        Hex(First.Hash).Should().Be("21ba0e6d96d5c78a1466f6e1ad472ab2b4028b9310c604b3904b32ef445b8796");
        var bare = Change with { BeforeState = null, AfterState = null, Reason = null };
        Hex(AuditChain.Append(AuditHead.Start, bare).Hash).Should().Be(
            "92feddbba30b81ce36ff681fce9824bcf94ac2792533148fb22862cc32d2c44d");
    }

    [Fact]
    public void Records_are_numbered_and_linked()
    {
        AuditHead.Start.Sequence.Should().Be(0);
        AuditHead.Start.Hash.Should().Equal(new byte[32]);
        First.Sequence.Should().Be(1);
        First.PreviousHash.Should().Equal(new byte[32]);
        Second.Sequence.Should().Be(2);
        Second.PreviousHash.Should().Equal(First.Hash);
        AuditChain.HeadOf(Second).Should().Be(new AuditHead(2, Second.Hash));
    }

    [Fact]
    public void Numbers_never_wrap_around() =>
        FluentActions.Invoking(() => AuditChain.Append(new AuditHead(long.MaxValue, First.Hash), Change))
            .Should().Throw<OverflowException>();

    [Fact]
    public void Chain_that_was_left_alone_has_no_contradiction()
    {
        AuditChain.Contradiction(AuditHead.Start, First).Should().BeNull();
        AuditChain.Contradiction(AuditChain.HeadOf(First), Second).Should().BeNull();
        AuditChain.ContradictionAtEnd(AuditChain.HeadOf(Second), new AuditHead(2, Second.Hash)).Should().BeNull();
    }

    public static TheoryData<string> Members => new(Changes.Keys);

    private static readonly Dictionary<string, Func<AuditRecord, AuditRecord>> Changes = new()
    {
        ["organization"] = r => r with { OrganizationId = Guid.Empty },
        ["time"] = r => r with { RecordedAt = r.RecordedAt + 1 },
        ["actor"] = r => r with { Actor = "eve" },
        ["action"] = r => r with { Action = "create" },
        ["kind of subject"] = r => r with { SubjectKind = "policy" },
        ["subject"] = r => r with { Subject = "april" },
        ["state before"] = r => r with { BeforeState = "{}" },
        ["no state before"] = r => r with { BeforeState = null },
        ["state after"] = r => r with { AfterState = "{}" },
        ["reason"] = r => r with { Reason = "" },
        ["no reason"] = r => r with { Reason = null },
        ["origin"] = r => r with { Origin = "api" },
        ["letters moved to the next member"] = r => r with { Actor = "ad", Action = "aupdate" },
        ["hash"] = r => r with { Hash = new byte[32] },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Record_that_was_changed_is_found(string member) =>
        AuditChain.Contradiction(AuditHead.Start, Changes[member](First)).Should().Be(
            "record 1 was changed after it was written");

    [Fact]
    public void Absent_text_is_not_the_empty_one() =>
        AuditChain.HashOf(First with { Reason = null }).Should().NotEqual(AuditChain.HashOf(First with { Reason = "" }));

    [Fact]
    public void Record_that_was_removed_is_found() =>
        AuditChain.Contradiction(AuditHead.Start, Second).Should().Be("record 1 is missing: record 2 follows record 0");

    [Fact]
    public void Record_that_comes_twice_is_found() =>
        AuditChain.Contradiction(AuditChain.HeadOf(First), First).Should().Be("record 2 is missing: record 1 follows record 1");

    [Fact]
    public void Record_that_was_replaced_is_found()
    {
        var forged = AuditChain.Append(AuditHead.Start, Change with { Actor = "eve" });
        AuditChain.Contradiction(AuditChain.HeadOf(forged), Second).Should().Be(
            "record 2 does not continue record 1: one of them was replaced or moved");
    }

    [Fact]
    public void Chain_that_was_cut_off_or_continued_is_found()
    {
        AuditChain.ContradictionAtEnd(AuditChain.HeadOf(First), AuditChain.HeadOf(Second)).Should().Be(
            "the organization counts 2 records, but the last one found is 1");
        AuditChain.ContradictionAtEnd(AuditChain.HeadOf(Second), AuditChain.HeadOf(First)).Should().Be(
            "the organization counts 1 records, but the last one found is 2");
    }

    [Fact]
    public void Chain_that_was_written_anew_is_found()
    {
        var forged = AuditChain.Append(AuditHead.Start, Change with { Actor = "eve" });
        AuditChain.ContradictionAtEnd(AuditChain.HeadOf(forged), AuditChain.HeadOf(First)).Should().Be(
            "the last record, 1, is not the one that the organization remembers");
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
