using Microsoft.Extensions.Time.Testing;
using Spendra.Core.Money;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>Many callers, one cap. The provider's clock stands still, so that no admitted call settles early.</summary>
public sealed class ContentionTests
{
    private const int Callers = 500;
    private const int Fitting = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData(DatabaseEngine.Sqlite, 1)]
    [InlineData(DatabaseEngine.Postgres, 1)]
    [InlineData(DatabaseEngine.Postgres, 2)]
    public async Task Of_500_parallel_callers_exactly_those_that_fit_reach_the_provider(DatabaseEngine engine, int gateways)
    {
        var providerClock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var site = await Site.CreateAsync(engine, new SandboxOptions { Time = providerClock });
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await ServeAsync(site, gateways);

        var probe = await served[0].ChatAsync(site.Keys["bob"]);
        probe.Status.Should().Be(200, probe.Body);
        // The same request with a knob is a few bytes longer, so its bound is read from one that has it.
        var body = Acme.Chat(knobs: "latency_ms=1000");
        var bound = await ReadBoundAsync(site, served[0], body, providerClock);
        await site.ApplyAsync(Acme.Declaration(bound.Times(Fitting).ToString()));
        var before = site.Sandbox.Journal.Count;

        var calls = Enumerable.Range(0, Callers).Select(i => served[i % served.Count].ChatAsync(site.Keys["ada"], body)).ToList();
        var refused = await FirstAsync(calls, Callers - Fitting);
        await site.WaitForCallsAsync(before + Fitting);

        site.Sandbox.Journal.Count.Should().Be(before + Fitting);
        refused.Should().OnlyContain(a => a.Status == 402 || a.Status == 429);
        refused.Should().OnlyContain(a => a.ErrorCode == "budget_held" || a.ErrorCode == "budget_exceeded");
        var held = await site.StandingAsync("ada-total");
        held.Reserved.Should().Be(held.Limit);

        providerClock.Advance(TimeSpan.FromSeconds(1));
        var answers = await Task.WhenAll(calls);
        answers.Count(a => a.Status == 200).Should().Be(Fitting);
        site.Sandbox.Journal.Count.Should().Be(before + Fitting);
        foreach (var process in served) await process.ShouldStopAsync();
        var after = await site.StandingAsync("ada-total");
        after.Reserved.Should().Be(NanoUsd.Zero);
        after.Settled.Should().Be(Acme.ChatCost().Times(Fitting));
        await site.ShouldVerifyAsync();
    }

    /// <summary>Several gateways come with a worker of their own, as in production.</summary>
    private static async Task<List<ServedProcess>> ServeAsync(Site site, int gateways)
    {
        if (gateways == 1) return [await site.ServeAsync()];
        await site.ServeAsync("--role", "worker");
        return [.. await Task.WhenAll(Enumerable.Range(0, gateways).Select(_ => site.ServeAsync("--role", "gateway")))];
    }

    private static async Task<NanoUsd> ReadBoundAsync(Site site, ServedProcess served, string body, FakeTimeProvider providerClock)
    {
        var count = site.Sandbox.Journal.Count;
        var call = served.ChatAsync(site.Keys["bob"], body);
        await site.WaitForCallsAsync(count + 1);
        while (!call.IsCompleted)
        {
            providerClock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(call, Task.Delay(10));
        }
        return (await call).Reserved;
    }

    /// <summary>The answers of the calls that end first.</summary>
    private static async Task<IReadOnlyList<Answer>> FirstAsync(IReadOnlyList<Task<Answer>> calls, int count)
    {
        var answers = new List<Answer>();
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var call in Task.WhenEach(calls).WithCancellation(patience.Token))
        {
            answers.Add(await call);
            if (answers.Count == count) break;
        }
        return answers;
    }
}
