using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger.Verification;

/// <summary>Everything that is announced is sealed: no change of it, or of its seal, goes unnamed.</summary>
public sealed class SealCheckTests
{
    private readonly LedgerRows _ledger = Sealed(LedgerRows.Sample());

    public static TheoryData<int> Rows => [.. Enumerable.Range(0, 10)];

    [Fact]
    public void Sealed_ledger_is_sound_and_its_seals_are_counted()
    {
        var report = _ledger.Verify();
        report.Violations.Should().BeEmpty();
        report.Checked[Invariant.OutboxSeal].Should().Be(10);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Content_that_was_changed_contradicts_the_seal_of_its_row_alone(int row)
    {
        var announced = _ledger.Outbox[row];
        Change(_ledger, announced, Seal.Of("other"u8));
        _ledger.Violations.Should().ContainSingle().Which.Should().Match<Violation>(
            v => v.Invariant == Invariant.OutboxSeal && v.Subject.StartsWith($"outbox row {announced.Sequence}, ") && v.Subject.Contains($"{announced.SubjectId}"));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Seal_that_was_changed_contradicts_its_row_and_whatever_continues_it(int row)
    {
        _ledger.Outbox[row] = _ledger.Outbox[row] with { Seal = Seal.Of("other"u8) };
        _ledger.ViolationsOf(Invariant.OutboxSeal).Should().HaveCount(2, "the row itself, and the next one or the organization");
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Whoever_seals_changed_content_anew_contradicts_the_next_row(int row)
    {
        var announced = _ledger.Outbox[row];
        Change(_ledger, announced, Seal.Of("other"u8));
        var previous = row == 0 ? SealChain.Start(Org, 0) : _ledger.Outbox[row - 1].Seal;
        _ledger.Outbox[row] = announced with { Seal = SealChain.Next(previous, AnnouncementOf(announced), Seal.Of("other"u8)) };
        _ledger.ViolationsOf(Invariant.OutboxSeal).Should().ContainSingle();
    }

    [Fact]
    public void Rows_that_changed_places_contradict_their_seals()
    {
        var (third, fourth) = (_ledger.Outbox[2], _ledger.Outbox[3]);
        _ledger.Outbox[2] = fourth with { Sequence = 3 };
        _ledger.Outbox[3] = third with { Sequence = 4 };
        _ledger.ViolationsOf(Invariant.OutboxSeal).Should().NotBeEmpty();
    }

    [Fact]
    public void Rows_that_were_cut_off_contradict_the_organization()
    {
        var last = _ledger.Outbox[^1];
        _ledger.Outbox.Remove(last);
        _ledger.Refusals.RemoveAll(r => r.RequestId == last.SubjectId);
        _ledger.Organization = _ledger.Organization with { OutboxSequence = 9 };
        _ledger.Violations.Should().Equal(new Violation(Invariant.OutboxSeal, "ledger_seal of the organization",
            $"{_ledger.Outbox[^1].Seal}, that of the last outbox row", $"{_ledger.Organization.Seal}"));
    }

    [Fact]
    public void Rows_from_before_the_ledger_was_sealed_need_no_seal_but_none_follows_a_sealed_one()
    {
        var older = Sealed(LedgerRows.Sample(), unsealed: 4);
        older.Violations.Should().BeEmpty();
        older.Verify().Checked[Invariant.OutboxSeal].Should().Be(6);

        _ledger.Outbox[5] = _ledger.Outbox[5] with { Seal = default };
        _ledger.ViolationsOf(Invariant.OutboxSeal).Should().Contain(
            new Violation(Invariant.OutboxSeal, "outbox row 6", "a seal", "none"));
    }

    [Fact]
    public void Whoever_takes_seals_away_is_named_with_each_of_them()
    {
        for (var i = 0; i < _ledger.Outbox.Count; i++) _ledger.Outbox[i] = _ledger.Outbox[i] with { Seal = default };
        _ledger.Organization = _ledger.Organization with { Seal = default };
        _ledger.ViolationsOf(Invariant.OutboxSeal).Should().HaveCount(10).And.OnlyContain(v => v.Expected == "a seal");
    }

    [Fact]
    public void Open_reservation_without_a_seal_is_named_unless_its_organization_is_older_than_seals()
    {
        var open = new Violation(Invariant.OpenSeal, $"reservation {LedgerRows.Open}", "what was sealed when it was made", "none");
        _ledger.ViolationsOf(Invariant.OpenSeal).Should().BeEmpty();
        _ledger.ChangeOpen(held => held with { IsSealed = false });
        _ledger.ViolationsOf(Invariant.OpenSeal).Should().Equal(open);
        _ledger.ChangeOpen(held => held with { IsSealed = true, Content = Seal.Of("other"u8) });
        _ledger.ViolationsOf(Invariant.OpenSeal).Should().Equal(open with { Found = "it was changed since" });

        var older = Sealed(LedgerRows.Sample(), unsealed: 4);
        older.ChangeOpen(held => held with { IsSealed = false });
        older.ViolationsOf(Invariant.OpenSeal).Should().BeEmpty();
    }

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    public void Ledger_that_was_sealed_anew_contradicts_what_was_signed(long row)
    {
        _ledger.Kept = new Dictionary<long, Seal> { [2] = _ledger.Outbox[1].Seal, [row] = _ledger.Outbox[(int)row - 1].Seal };
        var sound = _ledger.Verify();
        sound.Violations.Should().BeEmpty();
        sound.Checked[Invariant.LedgerSigned].Should().Be(2);

        var forged = Sealed(_ledger, salt: 7);
        forged.Kept![2] = forged.Outbox[1].Seal;
        forged.Violations.Should().ContainSingle().Which.Should().Match<Violation>(
            v => v.Invariant == Invariant.LedgerSigned && v.Subject == $"outbox row {row}");
    }

    [Fact]
    public void Ledger_that_was_cut_off_and_counts_so_contradicts_what_was_signed()
    {
        _ledger.Kept = new Dictionary<long, Seal> { [10] = _ledger.Outbox[^1].Seal };
        var last = _ledger.Outbox[^1];
        _ledger.Outbox.Remove(last);
        _ledger.Refusals.RemoveAll(r => r.RequestId == last.SubjectId);
        _ledger.Organization = _ledger.Organization with { OutboxSequence = 9, Seal = _ledger.Outbox[^1].Seal };
        _ledger.Violations.Should().Equal(new Violation(
            Invariant.LedgerSigned, "outbox row 10", "a row, as it was signed", "rows were cut off: the last one is 9"));
    }

    [Fact]
    public void Every_member_of_an_announcement_is_sealed()
    {
        var row = new Core.Ledger.Announcement(3, OutboxTopic.Spend, Id(1), 0, 7);
        var (previous, content) = (Seal.Of("a"u8), Seal.Of("b"u8));
        Core.Ledger.Announcement[] others =
        [
            row with { Sequence = 4 }, row with { Topic = OutboxTopic.Release }, row with { SubjectId = Id(2) }, row with { EventNumber = 1 },
            row with { CreatedAt = 8 },
        ];
        Seal[] seals =
        [
            SealChain.Next(previous, row, content), SealChain.Next(content, row, content), SealChain.Next(previous, row, previous),
            .. others.Select(o => SealChain.Next(previous, o, content)), SealChain.Start(Id(1), 3), SealChain.Start(Id(1), 4), SealChain.Start(Id(2), 3),
        ];
        seals.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Seal_is_read_as_it_was_written()
    {
        var seal = Seal.Of("content"u8);
        Seal.Read(seal.ToColumn()).Should().Be(seal);
        seal.ToString().Should().Be(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("content"u8)));
        default(Seal).ToColumn().Should().BeNull();
        Seal.Read([]).IsNone.Should().BeTrue();
        FluentActions.Invoking(() => Seal.Read(new byte[31])).Should().Throw<FormatException>();
    }

    private static LedgerRows Sealed(LedgerRows rows, int unsealed = 0, int salt = 0)
    {
        var seal = SealChain.Start(Org, unsealed);
        for (var i = unsealed; i < rows.Outbox.Count; i++)
        {
            var row = rows.Outbox[i];
            var content = Seal.Of(BitConverter.GetBytes(row.Sequence + salt));
            Change(rows, row, content);
            seal = SealChain.Next(seal, AnnouncementOf(row), content);
            rows.Outbox[i] = row with { Seal = seal };
        }
        rows.Organization = rows.Organization with { Seal = seal };
        rows.SealedAfter = unsealed;
        return rows;
    }

    private static void Change(LedgerRows rows, Announcement row, Seal content)
    {
        switch (row.Topic)
        {
            case OutboxTopic.Spend:
                rows.Change(row.SubjectId, row.Number, e => e with { Content = content });
                break;
            case OutboxTopic.Release:
                rows.Releases[0] = rows.Releases[0] with { Content = content };
                break;
            default:
                rows.ChangeRefusal(row.SubjectId, r => r with { Content = content });
                break;
        }
    }

    private static Core.Ledger.Announcement AnnouncementOf(Announcement row) =>
        new(row.Sequence, row.Topic, row.SubjectId, row.Number, row.CreatedAt);
}
