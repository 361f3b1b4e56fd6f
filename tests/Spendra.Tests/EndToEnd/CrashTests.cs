using Spendra.Core.Money;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Tests.EndToEnd;

/// <summary>SIGKILL at moments that nobody chose. What a client was told stays true; what is open ends once.</summary>
public sealed class CrashTests
{
    private const int Rounds = 4;
    private const int Callers = 12;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Killed_again_and_again_under_load_nothing_is_lost_and_nothing_is_settled_twice(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        site.Variables["SPENDRA__SWEEP__GATEWAYLEASESECONDS"] = "5";
        site.Variables["SPENDRA__SWEEP__INTERVALMS"] = "100";
        await site.ApplyAsync(Acme.Declaration("0.05"));
        var answers = new List<Answer>();
        foreach (var _ in Enumerable.Range(0, Rounds))
        {
            var served = await site.ServeAsync();
            await using var load = Load.Start(served, site.Keys["ada"], Callers);
            await load.WaitForAsync(Random.Shared.Next(1, 250));
            served.Process.Kill();
            await load.StopAsync();
            answers.AddRange(load.Answers);
        }

        var last = await site.ServeAsync();
        await site.WaitUntilNothingIsReservedAsync();
        await last.ShouldStopAsync();

        await site.ShouldVerifyAsync();
        var standing = await site.StandingAsync("ada-total");
        standing.Reserved.Should().Be(NanoUsd.Zero);
        standing.Settled.Should().BeLessThanOrEqualTo(standing.Limit);
        var booked = await ShouldExplainAsync(site, answers);
        booked.Should().BeLessThanOrEqualTo(standing.Settled);
        answers.Should().OnlyContain(a => a.Status == 200 || a.Status == 402 || a.Status == 429);
        answers.Count(a => a.Status == 200).Should().BeLessThanOrEqualTo((int)site.Sandbox.Journal.CountOf(SandboxRoute.ChatCompletions));
        await ShouldExplainOnTheCommandLineAsync(site, answers);
    }

    /// <summary>Every acknowledged call is in the ledger with its cost.</summary>
    private static async Task<NanoUsd> ShouldExplainAsync(Site site, IEnumerable<Answer> answers)
    {
        await using var database = Database.Open(site.Target);
        var organization = (await new GovernanceReader(database).ListOrganizationsAsync(default)).Single();
        var queries = new RequestQueries(database);
        var total = NanoUsd.Zero;
        foreach (var answer in answers)
        {
            answer.RequestId.Should().NotBeNull();
            var explained = await queries.ExplainAsync(organization.OrganizationId, Guid.Parse(answer.RequestId!), default);
            if (answer.Status != 200)
            {
                // A refusal moved no money: its record is written beside the request, and a kill may come first.
                (explained?.Outcome ?? "refused").Should().Be("refused");
                continue;
            }
            explained.Should().NotBeNull($"{answer.RequestId} was acknowledged");
            explained!.Outcome.Should().BeOneOf("settled", "expired");
            explained.Events.Should().ContainSingle();
            var expected = explained.Outcome == "settled" ? Acme.ChatCost() : answer.Reserved;
            explained.CostUsd.Should().Be(expected);
            total += expected;
        }
        return total;
    }

    private static async Task ShouldExplainOnTheCommandLineAsync(Site site, IReadOnlyList<Answer> answers)
    {
        foreach (var answer in answers.Where(a => a.Status == 200).TakeLast(2))
        {
            var explained = await site.JsonAsync("explain", answer.RequestId!);
            explained.GetProperty("id").GetString().Should().Be(answer.RequestId);
            explained.GetProperty("events").GetArrayLength().Should().Be(1);
        }
    }
}
