using Microsoft.Extensions.Time.Testing;
using Spendra.Core.Money;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>SIGTERM while calls are under way: they end as if nothing had happened, and then the process does.</summary>
public sealed class StopTests
{
    private const int Streams = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Streams_in_flight_end_whole_and_the_abandoned_one_is_settled_too(DatabaseEngine engine)
    {
        var providerClock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var site = await Site.CreateAsync(engine, new SandboxOptions { Time = providerClock });
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();
        var body = Acme.Chat(isStreamed: true, knobs: "chunk_ms=100");
        var started = await Task.WhenAll(Enumerable.Range(0, Streams).Select(
            _ => served.StartAsync("/v1/chat/completions", site.Keys["ada"], body)));
        var plain = served.ChatAsync(site.Keys["ada"], Acme.Chat(knobs: "latency_ms=100"));
        await site.WaitForCallsAsync(Streams + 1);
        started[0].Dispose();
        (await site.StandingAsync("ada-total")).Reserved.Should().BeGreaterThan(NanoUsd.Zero);

        var stopped = served.Process.TerminateAsync(Patience);
        await ShouldRefuseConnectionsAsync(served);
        stopped.IsCompleted.Should().BeFalse(served.Process.Output);
        var answers = Task.WhenAll(started.Skip(1).Select(Answer.OfAsync).Append(plain));
        await AdvanceUntilAsync(providerClock, Task.WhenAll(answers, stopped));

        foreach (var answer in await answers) answer.Status.Should().Be(200, answer.Body);
        foreach (var answer in (await answers).SkipLast(1)) answer.Body.Should().EndWith("data: [DONE]\n\n");
        (await stopped).Should().Be(0, served.Process.Output);
        (await site.CountReservationsAsync()).Should().Be(0);
        var standing = await site.StandingAsync("ada-total");
        standing.Reserved.Should().Be(NanoUsd.Zero);
        standing.Settled.Should().Be(Acme.ChatCost().Times(Streams + 1));
        await site.ShouldVerifyAsync();
    }

    [Fact]
    public async Task Callers_that_never_pause_see_whole_answers_or_none()
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Acme.Declaration("100"));
        var served = await site.ServeAsync();
        await using var load = Load.Start(served, site.Keys["ada"], callers: 16);
        await load.WaitForAsync(200);

        await served.ShouldStopAsync();

        await load.StopAsync();
        load.Answers.Should().OnlyContain(a => a.Status == 200 || a.Status == 503);
        (await site.CountReservationsAsync()).Should().Be(0);
        var calls = site.Sandbox.Journal.CountOf(SandboxRoute.ChatCompletions);
        (await site.StandingAsync("ada-total")).Settled.Should().Be(Acme.ChatCost().Times(calls));
        await site.ShouldVerifyAsync();
    }

    private static async Task ShouldRefuseConnectionsAsync(ServedProcess served)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            using var http = new HttpClient();
            try
            {
                using var response = await http.GetAsync(new Uri(served.Url, "/readyz"), patience.Token);
                if ((int)response.StatusCode == 503) return;
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }

    private static async Task AdvanceUntilAsync(FakeTimeProvider clock, Task end)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!end.IsCompleted)
        {
            patience.Token.ThrowIfCancellationRequested();
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.WhenAny(end, Task.Delay(5, patience.Token));
        }
        await end;
    }
}
