using Spendra.Core.Money;
using Spendra.Proof.Failover;
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
    public void Other_cost_than_the_client_was_told_is_found() =>
        ShouldFind("cost", run => run.Change(0, s => s with { CostNanos = s.CostNanos + 1 }));

    [Fact]
    public void Second_call_of_the_provider_for_one_key_is_found() =>
        ShouldFind("repeated", run => run.Requests.Add(SoundRun.Request("a3", Struck.AddSeconds(9))));

    [Fact]
    public void Key_that_is_taken_without_a_call_is_found() =>
        ShouldFind("repeated", run => run.Requests.RemoveAll(r => r.Headers["x-client-request-id"] == "a2"));

    [Fact]
    public void Refused_call_that_reached_the_provider_is_found() =>
        ShouldFind("refused", run => run.Requests.Add(SoundRun.Request("a4", Struck.AddSeconds(2))));

    [Fact]
    public void Call_of_the_provider_that_nobody_made_is_found() =>
        ShouldFind("dispatch", run => run.Requests.Add(SoundRun.Request("x", Struck.AddSeconds(9))));

    [Fact]
    public void Answer_while_there_was_no_primary_is_found() =>
        ShouldFind("open", run => run.Attempts[3] = run.Attempts[3] with { Status = 402, Code = "budget_exceeded" });

    [Fact]
    public void Call_that_was_reserved_while_there_was_no_primary_is_found() => ShouldFind("open", run =>
    {
        run.Change(0, s => s with { ReservedAt = Micros.Of(Struck.AddSeconds(2)) });
        run.Requests[0] = SoundRun.Request("a1", Struck.AddSeconds(3));
    });

    [Fact]
    public void Held_money_is_found() => ShouldFind("held", run => run.Bob = run.Bob with { ReservedNanos = 1 });

    [Fact]
    public void Passed_cap_is_found() => ShouldFind("overspend", run => run.Bob = run.Bob with { SettledNanos = run.Bob.LimitNanos + 1 });

    [Fact]
    public void Refusal_of_what_would_have_fitted_is_found() => ShouldFind("false denial", run => run.Bob = run.Bob with { SettledNanos = 0 });

    [Fact]
    public void Strange_answer_is_found() => ShouldFind("status", run => run.Attempts[3] = run.Attempts[3] with { Status = 500, Code = "internal_error" });

    [Theory]
    [InlineData(402, "budget_exceeded")]
    [InlineData(429, "budget_held")]
    public void Refusal_of_ada_at_a_cap_is_found(int status, string code) =>
        ShouldFind("status", run => run.Attempts[0] = run.Attempts[0] with { Status = status, Code = code });

    private static void ShouldFind(string kind, Action<SoundRun> plant)
    {
        var run = new SoundRun();
        plant(run);
        run.Violations().Should().Contain(v => v.StartsWith(kind + ":", StringComparison.Ordinal));
    }

    /// <summary>A call before the strike; a key that was refused in the outage and acknowledged after it; bob at his limit.</summary>
    private sealed class SoundRun
    {
        private static readonly NanoUsd Bound = new(100_000);

        public List<Attempt> Attempts { get; } =
        [
            Told("a1", Struck.AddSeconds(-1), 200),
            Told("a2", Struck.AddSeconds(8), 200, key: "k"),
            Told("a3", Struck.AddSeconds(9), 409, key: "k", code: "idempotency_replay_unavailable"),
            Told("a4", Struck.AddSeconds(2), 503, key: "k", code: "ledger_unavailable"),
            Told("a5", Struck.AddSeconds(9), 402, caller: "bob", code: "budget_exceeded"),
        ];

        public List<SandboxRequest> Requests { get; }

        public Dictionary<Guid, Spent> Spent { get; }

        public Standing Bob { get; set; } = new("bob-total", 1_000_000, 950_000, 0);

        public SoundRun()
        {
            Requests = [Request("a1", Struck.AddSeconds(-1)), Request("a2", Struck.AddSeconds(8))];
            Spent = Attempts.Where(a => a.IsAcknowledged).ToDictionary(
                a => a.RequestId!.Value,
                a => new Spent(a.RequestId!.Value, Micros.Of(a.BegunAt), Client.Cost.Value, 1, false));
        }

        public static SandboxRequest Request(string attempt, DateTimeOffset at) => new(
            SandboxRoute.ChatCompletions, "POST", "/v1/chat/completions",
            new Dictionary<string, string> { ["x-client-request-id"] = attempt }, default, true, at);

        public void Change(int attempt, Func<Spent, Spent> change)
        {
            var id = Attempts[attempt].RequestId!.Value;
            Spent[id] = change(Spent[id]);
        }

        public List<string> Violations()
        {
            var failover = new Proof.Failover.Failover
            {
                Number = 1, Strike = "node", Node = "n1", StruckAt = Struck, OutageBegan = Struck, OutageEnded = Struck.AddSeconds(7),
            };
            var checks = new Checks(Attempts, Requests, new BookPage(Spent, [], [Bob], 0, 0, 0), [failover]);
            checks.Run();
            return checks.Violations;
        }

        private static Attempt Told(
            string id, DateTimeOffset at, int status, string? key = null, string? code = null, string caller = "ada") => new()
            {
                Id = id, Caller = caller, IdempotencyKey = key, IsStreamed = false, BegunAt = at, EndedAt = at.AddMilliseconds(50),
                Status = status, Code = code, RequestId = Guid.CreateVersion7(), Reserved = Bound,
                Cost = status == 200 ? Client.Cost : null,
            };
    }
}
