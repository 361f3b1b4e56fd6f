using Spendra.Core.Money;
using Spendra.Proof.Failover;
using Spendra.Proof.Worlds;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>Do the checks of a failover run see? Each broken promise is planted into a sound run.</summary>
public sealed class FailoverCheckTests
{
    private static readonly DateTimeOffset Struck = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Sound_run_breaks_nothing() => new SoundRun().Violations().Should().BeEmpty();

    [Fact]
    public void Acknowledged_call_without_a_spend_event_is_lost() =>
        ShouldFind("lost", run => run.Spent.Remove(run.Attempts[0].RequestId!.Value));

    [Fact]
    public void Other_cost_than_the_exact_one_is_found_in_the_ledger() =>
        ShouldFind("cost", run => run.Change(0, s => s with { CostNanos = s.CostNanos + 1 }));

    [Fact]
    public void Other_cost_than_the_exact_one_is_found_at_the_client() =>
        ShouldFind("cost", run => run.Attempts[0] = run.Attempts[0] with { Cost = new NanoUsd(1) });

    [Fact]
    public void Answer_that_broke_off_is_found() =>
        ShouldFind("broken", run => run.Attempts[0] = run.Attempts[0] with { HasEnded = false, IsComplete = false });

    [Fact]
    public void Answer_that_ended_and_is_not_whole_is_found() =>
        ShouldFind("broken", run => run.Attempts[0] = run.Attempts[0] with { IsComplete = false });

    [Fact]
    public void Call_without_an_answer_is_found() =>
        ShouldFind("silent", run => run.Attempts[4] = run.Attempts[4] with { Status = 0 });

    [Fact]
    public void Refused_call_that_was_sent_and_not_booked_is_found() => ShouldFind("unmetered", run =>
    {
        run.Attempts[4] = run.Attempts[4] with { Status = 0 };
        run.Requests.Add(SoundRun.Request("c.1", Struck.AddSeconds(9)));
    });

    [Fact]
    public void More_calls_of_the_provider_than_were_booked_are_found() => ShouldFind("unmetered", run =>
    {
        run.Attempts[3] = run.Attempts[3] with { RequestId = null, Status = 0 };
        run.Requests.Add(SoundRun.Request("k.3", Struck.AddSeconds(9)));
    });

    [Fact]
    public void Call_that_was_booked_twice_is_found() => ShouldFind("booked", run => run.Change(0, s => s with { Events = 2 }));

    [Fact]
    public void Late_correction_of_what_the_sweep_booked_is_sound() => new SoundRun().With(run => run.Change(0, s => s with { Events = 2, HasExpired = true }))
        .Violations().Should().BeEmpty();

    [Fact]
    public void Call_that_was_spent_and_given_back_is_found() => ShouldFind("booked", run => run.Released.Add(run.Attempts[0].RequestId!.Value));

    [Fact]
    public void Other_cost_of_a_call_whose_client_hung_up_is_found() => ShouldFind("cost", run =>
    {
        run.Attempts[1] = run.Attempts[1] with { HasEnded = false, IsComplete = false };
        run.Change(1, s => s with { CostNanos = s.CostNanos + 1 });
    });

    [Fact]
    public void Second_call_of_the_provider_for_one_key_is_found() =>
        ShouldFind("repeated", run => run.Requests.Add(SoundRun.Request("k.2", Struck.AddSeconds(9))));

    [Fact]
    public void Key_that_is_taken_without_a_call_is_found() =>
        ShouldFind("repeated", run => run.Requests.RemoveAll(r => r.Headers["x-client-request-id"] == "k.1"));

    [Fact]
    public void Refused_call_that_reached_the_provider_is_found() =>
        ShouldFind("refused", run => run.Requests.Add(SoundRun.Request("k.3", Struck.AddSeconds(2))));

    [Fact]
    public void Call_of_the_provider_that_nobody_made_is_found() =>
        ShouldFind("dispatch", run => run.Requests.Add(SoundRun.Request("x", Struck.AddSeconds(9))));

    [Fact]
    public void Answer_while_there_was_no_primary_is_found() =>
        ShouldFind("open", run => run.Attempts[3] = run.Attempts[3] with { Status = 402, ErrorCode = "budget_exceeded" });

    [Fact]
    public void Call_that_was_reserved_while_there_was_no_primary_is_found() => ShouldFind("open", run =>
    {
        run.Change(0, s => s with { ReservedAt = Micros.Of(Struck.AddSeconds(2)) });
        run.Requests[0] = SoundRun.Request("a.1", Struck.AddSeconds(3));
    });

    [Fact]
    public void Held_money_is_found() => ShouldFind("held", run => run.Carl = run.Carl with { ReservedNanos = 1 });

    [Fact]
    public void Passed_cap_is_found() => ShouldFind("overspend", run => run.Carl = run.Carl with { SettledNanos = run.Carl.LimitNanos + 1 });

    [Fact]
    public void Cap_that_nobody_cut_is_found() => ShouldFind("overspend", run => run.Carl = run.Carl with { CutNanos = 1 });

    [Fact]
    public void Cap_that_was_cut_stands_below_what_was_spent() => new SoundRun
    {
        Dora = new Standing(Administrator.Budget, 1_000, 90_000, 0, 89_000),
    }.Violations().Should().BeEmpty();

    [Fact]
    public void Refusal_of_what_would_have_fitted_is_found() => ShouldFind("false denial", run => run.Carl = run.Carl with { SettledNanos = 0 });

    [Fact]
    public void Strange_answer_is_found() => ShouldFind("status", run => run.Attempts[3] = run.Attempts[3] with { Status = 500, ErrorCode = "internal_error" });

    [Theory]
    [InlineData(402, "budget_exceeded")]
    [InlineData(429, "budget_held")]
    [InlineData(401, "invalid_api_key")]
    [InlineData(409, "idempotency_in_progress")]
    [InlineData(503, "provider_unavailable")]
    public void Refusal_of_ada_by_a_rule_is_found(int status, string code) =>
        ShouldFind("status", run => run.Attempts[0] = run.Attempts[0] with { Status = status, ErrorCode = code });

    [Theory]
    [InlineData("dora-1", false, 200)]
    [InlineData("dora-1", true, 401)]
    [InlineData(Administrator.Budget, false, 200)]
    [InlineData(Administrator.Budget, true, 402)]
    public void Answer_against_the_rules_is_found(string subject, bool permits, int status) => ShouldFind("rules", run =>
    {
        run.Rules.End(run.Rules.Begin(subject, permits), isKnown: true);
        var later = DateTimeOffset.UtcNow.AddSeconds(1);
        run.Attempts.Add(SoundRun.Told("d", 1, later, status, CallKind.Ruled) with { EndedAt = later });
    });

    private static void ShouldFind(string kind, Action<SoundRun> plant)
    {
        var run = new SoundRun();
        plant(run);
        run.Violations().Should().Contain(v => v.StartsWith(kind + ":", StringComparison.Ordinal));
    }

    /// <summary>A call before the strike; a key that was refused in the outage and acknowledged after it; carl at his limit.</summary>
    private sealed class SoundRun
    {
        private static readonly NanoUsd Bound = new(100_000);

        public List<Attempt> Attempts { get; } =
        [
            Told("a", 1, Struck.AddSeconds(-1), 200),
            Told("k", 1, Struck.AddSeconds(8), 200, isSentOnce: false),
            Told("k", 2, Struck.AddSeconds(9), 409, isSentOnce: false, code: "idempotency_replay_unavailable"),
            Told("k", 3, Struck.AddSeconds(2), 503, isSentOnce: false, code: "ledger_unavailable"),
            Told("c", 1, Struck.AddSeconds(9), 402, CallKind.Capped, code: "budget_exceeded"),
        ];

        public List<SandboxRequest> Requests { get; }

        public Dictionary<Guid, Spent> Spent { get; }

        public HashSet<Guid> Released { get; } = [];

        public RuleBook Rules { get; } = new();

        public Standing Carl { get; set; } = new(Company.CarlsBudget, 1_000_000, 950_000, 0, 0);

        public Standing Dora { get; set; } = new(Administrator.Budget, 1_000_000, 0, 0, 0);

        public SoundRun()
        {
            Requests = [Request("a.1", Struck.AddSeconds(-1)), Request("k.1", Struck.AddSeconds(8))];
            Spent = Attempts.Where(a => a.IsAcknowledged).ToDictionary(
                a => a.RequestId!.Value,
                a => new Spent(a.RequestId!.Value, Micros.Of(a.BegunAt), a.Call.ExactCost!.Value.Value, 1, false));
        }

        public static SandboxRequest Request(string attempt, DateTimeOffset at) => new(
            SandboxRoute.ChatCompletions, "POST", "/v1/chat/completions",
            new Dictionary<string, string> { ["x-client-request-id"] = attempt }, default, true, at);

        public void Change(int attempt, Func<Spent, Spent> change)
        {
            var id = Attempts[attempt].RequestId!.Value;
            Spent[id] = change(Spent[id]);
        }

        public SoundRun With(Action<SoundRun> change)
        {
            change(this);
            return this;
        }

        public IReadOnlyCollection<string> Violations()
        {
            Proof.Failover.Failover[] failovers =
            [
                new() { Number = 1, Strike = "node", Node = "n1", StruckAt = Struck, OutageBegan = Struck, OutageEnded = Struck.AddSeconds(7) },
            ];
            var violations = new Violations(TextWriter.Null);
            new AnswerChecks(Attempts, Requests, Rules, failovers, violations).Run();
            new LedgerChecks(Attempts, Requests, new BookPage(Spent, Released, [Carl, Dora], 0, 0, 0), failovers, violations).Run();
            return violations.All;
        }

        public static Attempt Told(
            string call, int number, DateTimeOffset at, int status, CallKind kind = CallKind.Chat, bool isSentOnce = true, string? code = null) =>
            new(new Call(call, kind) { IsSentOnce = isSentOnce, Key = kind == CallKind.Ruled ? "dora-1" : null }, number)
            {
                BegunAt = at, EndedAt = at.AddMilliseconds(50), Status = status, ErrorCode = code, RequestId = Guid.CreateVersion7(),
                Reserved = Bound, Cost = status == 200 ? Company.CallCost() : null, HasEnded = true, IsComplete = true,
            };
    }
}
