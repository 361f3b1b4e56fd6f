using Spendra.Proof.Network;
using Spendra.Proof.Worlds;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>What a cut explains, and what it does not.</summary>
public sealed class CutAnswerTests
{
    private static readonly Recording Chat = new(DatabaseEngine.Sqlite, Link.Client, CallKind.Chat, Direction.Request, 10);

    [Theory]
    [InlineData(nameof(Link.Client), nameof(Direction.Request), 400, "invalid_request")]
    [InlineData(nameof(Link.Client), nameof(Direction.Answer), 0, null)]
    [InlineData(nameof(Link.Provider), nameof(Direction.Answer), 502, "upstream_failed")]
    [InlineData(nameof(Link.Provider), nameof(Direction.Answer), 504, "upstream_timeout")]
    [InlineData(nameof(Link.Database), nameof(Direction.Request), 503, "ledger_unavailable")]
    [InlineData(nameof(Link.FreshDatabase), nameof(Direction.Answer), 200, null)]
    public void What_the_cut_explains_is_excused(string link, string direction, int status, string? code) =>
        ViolationsOf(link, direction, status, code).Should().BeEmpty();

    [Theory]
    [InlineData(nameof(Link.Client), nameof(Direction.Answer), 400, "invalid_request")]
    [InlineData(nameof(Link.Client), nameof(Direction.Request), 503, "ledger_unavailable")]
    [InlineData(nameof(Link.Client), nameof(Direction.Request), 402, "budget_exceeded")]
    [InlineData(nameof(Link.Client), nameof(Direction.Request), 409, "idempotency_in_progress")]
    [InlineData(nameof(Link.Provider), nameof(Direction.Answer), 400, "invalid_request")]
    [InlineData(nameof(Link.Provider), nameof(Direction.Request), 502, "provider_credential_rejected")]
    [InlineData(nameof(Link.Provider), nameof(Direction.Request), 503, "ledger_unavailable")]
    [InlineData(nameof(Link.Database), nameof(Direction.Request), 0, null)]
    [InlineData(nameof(Link.Database), nameof(Direction.Request), 401, "invalid_api_key")]
    [InlineData(nameof(Link.FreshDatabase), nameof(Direction.Answer), 500, "internal_error")]
    public void What_the_cut_does_not_explain_is_found_out(string link, string direction, int status, string? code) =>
        ViolationsOf(link, direction, status, code).Should().ContainSingle().Which.Should().Contain("which the cut does not explain");

    [Theory]
    [InlineData(nameof(CallKind.Stream), nameof(Direction.Answer), true)]
    [InlineData(nameof(CallKind.Stream), nameof(Direction.Request), false)]
    [InlineData(nameof(CallKind.Chat), nameof(Direction.Answer), false)]
    public void Only_the_head_of_a_stream_is_lost_when_its_provider_breaks_off(string kind, string direction, bool isExcused)
    {
        var told = Told(0, null) with { Call = new Call("cut", Enum.Parse<CallKind>(kind)) };

        CutAnswers.ViolationsOf(told, Link.Provider, new Cut(Enum.Parse<Direction>(direction), 5, Fault.Close), hasStruck: true).Should().HaveCount(isExcused ? 0 : 1);
    }

    [Fact]
    public void A_connection_that_had_to_be_new_ended_an_old_one() =>
        CutAnswers.ViolationsOf(Told(503, "ledger_unavailable"), Link.FreshDatabase, new Cut(Direction.Request, 1, Fault.Close), hasStruck: false)
            .Should().BeEmpty();

    [Fact]
    public void A_cut_that_did_not_strike_explains_nothing() =>
        CutAnswers.ViolationsOf(Told(503, "ledger_unavailable"), Link.Database, new Cut(Direction.Request, 1, Fault.Close), hasStruck: false)
            .Should().ContainSingle();

    [Theory]
    [InlineData(nameof(Link.Client), true)]
    [InlineData(nameof(Link.Provider), true)]
    [InlineData(nameof(Link.Database), false)]
    public void An_answer_breaks_off_only_where_it_passes(string link, bool isExcused) =>
        CutAnswers.ViolationsOf(Told(200, null) with { HasEnded = false }, Enum.Parse<Link>(link), new Cut(Direction.Answer, 1, Fault.Close), hasStruck: true)
            .Should().HaveCount(isExcused ? 0 : 1);

    [Theory]
    [InlineData("idempotency_replay_unavailable", true)]
    [InlineData("idempotency_in_progress", false)]
    public void A_key_is_in_progress_for_ever_only_by_a_mistake(string code, bool isRight) =>
        CutSite.ViolationsOfRepeat(Told(200, null), Told(409, code) with { Number = 2 }, hasReachedProvider: true).Should().HaveCount(isRight ? 0 : 1);

    [Fact]
    public void Every_byte_is_covered_with_every_fault_or_is_not()
    {
        var plan = new CutPlan { EveryFault = true, StallStride = 100 };
        var tally = new CutTally(TextWriter.Null);
        foreach (var cut in plan.CutsOf(Chat).Where(c => c.Fault == Fault.Close)) tally.Struck(Chat, cut, hasStruck: true);
        tally.Uncovered([Chat], plan, slack: 0).Should().Be(2 * 11 + 1);

        foreach (var cut in plan.CutsOf(Chat)) tally.Struck(Chat, cut, hasStruck: true);
        tally.Uncovered([Chat], plan, slack: 0).Should().Be(0);
    }

    private static IReadOnlyList<string> ViolationsOf(string link, string direction, int status, string? code) =>
        CutAnswers.ViolationsOf(Told(status, code), Enum.Parse<Link>(link), new Cut(Enum.Parse<Direction>(direction), 5, Fault.Close), hasStruck: true);

    private static Attempt Told(int status, string? code) => new(new Call("cut", CallKind.Chat), 1)
    {
        BegunAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch, Status = status, ErrorCode = code, HasEnded = status != 0, IsComplete = status == 200,
    };
}
