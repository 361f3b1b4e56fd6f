using System.Globalization;
using Spendra.Cli;
using Spendra.Hosting;
using Spendra.Settings;
using Spendra.Storage.Governance;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;

namespace Spendra.Demo;

/// <summary>
/// The demo's past: a gateway with its clock set back serves some weeks of requests to the sandbox, so that the books, budgets and
/// reports of the first day have something to show. Nothing of it is written by any other way than that of real requests.
/// </summary>
internal static class DemoHistory
{
    private const int Days = 45;
    private const int MostAtOnce = 16;

    private static readonly Caller[] Callers =
    [
        new("ada", "gpt-5.4-mini", 9), new("ada", "gpt-6-luna", 6), new("crawler", "gpt-6-luna", 20), new("fetcher", "gpt-5.4-mini", 12),
        new("ranker", "gpt-5.4-mini", 15), new("tony", "claude-haiku-4-5", 10), new("tony", "claude-sonnet-5-5", 4), new("grace", "gpt-5.4-mini", 1),
    ];

    /// <summary>What the demo's company is founded by: a clock that is set back, or the real one when its past was written before.</summary>
    public static TimeProvider ClockOf(CommandRun run, DemoKeys keys) =>
        keys.HasPast ? run.Time : new SetBackClock(run.Time, run.Time.GetUtcNow().AddDays(-Days));

    /// <summary>Once for a folder: a demo that is started again goes on from where it was.</summary>
    public static async Task WriteAsync(CommandRun run, SpendraOptions options, ServerParts parts, DemoKeys keys, TimeProvider clock)
    {
        if (keys.HasPast || clock is not SetBackClock past) return;
        await using (var gateway = await SpendraServer.StartAsync(options with { Role = Role.Gateway, Urls = "http://127.0.0.1:0" }, parts, clock, run.Cancel))
        {
            using var client = new HttpClient { BaseAddress = new Uri(gateway.Urls[0]) };
            for (var day = 0; day < Days; day++)
            {
                await ServeDayAsync(client, keys, day, clock.GetUtcNow().DayOfWeek, run.Cancel);
                past.Move(TimeSpan.FromDays(1));
            }
        }
        await CountAsync(run);
        keys.HasPast = true;
        keys.Save();
    }

    /// <summary>Otherwise the worker's first look would find its sums weeks behind, and tell everybody.</summary>
    private static async Task CountAsync(CommandRun run)
    {
        var rebuild = new RollupRebuild(run.Database, new OutboxPositions(run.Database, RollupIntake.Consumer, Guid.CreateVersion7(), run.Time));
        foreach (var organization in await new GovernanceReader(run.Database).ListOrganizationsAsync(run.Cancel))
            await rebuild.RunAsync(organization.OrganizationId, new Progress<RebuildProgress>(), run.Cancel);
    }

    /// <summary>A little more from week to week, and little on weekends.</summary>
    private static async Task ServeDayAsync(HttpClient client, DemoKeys keys, int day, DayOfWeek weekday, CancellationToken cancel)
    {
        var share = weekday is DayOfWeek.Saturday or DayOfWeek.Sunday ? 3 : 10 + day / 9;
        var calls = Callers.SelectMany(c => Enumerable.Range(0, Math.Max(1, c.PerDay * share / 10)).Select(n => (Caller: c, Tokens: TokensOf(day, n, c))));
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancel },
            async (call, stop) => await CallAsync(client, keys, call.Caller, call.Tokens, stop));
    }

    /// <summary>Anything from 300 to 3,700, the same in every demo.</summary>
    private static int TokensOf(int day, int number, Caller caller) => 300 + (day * 7919 + number * 104_729 + caller.Model.Length * 1_299_709) % 3_400;

    private static async Task CallAsync(HttpClient client, DemoKeys keys, Caller caller, int tokens, CancellationToken cancel)
    {
        var isClaude = caller.Model.StartsWith("claude", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Post, isClaude ? "/v1/messages" : "/v1/chat/completions");
        request.Headers.Authorization = new("Bearer", keys.Of(caller.Key));
        if (isClaude) request.Headers.Add("anthropic-version", "2023-06-01");
        request.Content = JsonContent.Create(new Dictionary<string, object>
        {
            ["model"] = caller.Model,
            ["max_tokens"] = 4_000,
            ["messages"] = new[] { new { role = "user", content = string.Create(CultureInfo.InvariantCulture, $"Go on. [[sandbox output_tokens={tokens}]]") } },
        });
        // Refusals are part of the past as well.
        using var response = await client.SendAsync(request, cancel);
        await response.Content.ReadAsByteArrayAsync(cancel);
    }

    /// <summary>Who calls, what, and how often on a common day.</summary>
    private sealed record Caller(string Key, string Model, int PerDay);

    /// <summary>Tells a time of the past and passes as fast as any; timers run as they do.</summary>
    private sealed class SetBackClock(TimeProvider time, DateTimeOffset start) : TimeProvider
    {
        private readonly long _began = time.GetTimestamp();
        private TimeSpan _moved;

        public override DateTimeOffset GetUtcNow() => start + _moved + time.GetElapsedTime(_began);

        public override long GetTimestamp() => time.GetTimestamp();

        public override long TimestampFrequency => time.TimestampFrequency;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);

        public void Move(TimeSpan by) => _moved += by;
    }
}
