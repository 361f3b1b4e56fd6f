using System.Diagnostics;
using Spendra.Sandbox;

namespace Spendra.Proof.Failover;

/// <summary>
/// The life of a run.
/// <list type="number">
/// <item>Clients call through both gateways, and never stop until 5.</item>
/// <item>Once the cluster is whole, the primary is lost.</item>
/// <item>A new primary appears and calls are acknowledged again.</item>
/// <item>The old primary comes back and the cluster becomes whole: 2 again.</item>
/// <item>The clients end; the sweep and the gateways end what is still reserved; bob spends what is left to him.</item>
/// <item>Everything that clients were told is compared with the ledger and with what reached the provider.</item>
/// </list>
/// </summary>
internal sealed class FailoverRun(FailoverSettings settings, Cluster cluster)
{
    // Enough that both gateways and every kind of call took part.
    private const int AcknowledgedBetween = 200;

    // After these the old primary took commits until a moment that nobody tells.
    private static readonly string[] Gentle = ["switchover", "patroni"];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly List<Failover> _failovers = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private string _doing = "starting";

    public async Task<int> RunAsync(CancellationToken cancel)
    {
        await using var sandbox = await SandboxServer.StartAsync(
            new SandboxOptions { Port = settings.SandboxPort, RecordRequests = true, MaxRecordedRequests = int.MaxValue, MaxRecordedBodyBytes = 0 }, cancel);
        using var journal = new ClientJournal(Path.Combine(settings.Folder, "client.jsonl"));
        using var client = new Client(settings.Folder, journal);
        await using var progress = Progress.EverySecond(() => $"{_failovers.Count} failovers, {_doing}; {journal.Statuses}");
        using var load = new Load(client, settings.Gateways);                             // 1
        var trouble = await LoseAgainAndAgainAsync(journal, cancel);                      // 2, 3, 4
        _doing = "comparing the books";
        await load.StopAsync();                                                           // 5
        await using var books = new Books(settings.Database);
        await books.WaitUntilNothingIsReservedAsync(Patience, cancel);
        await SpendTheRestOfBobAsync(client);
        await books.WaitUntilNothingIsReservedAsync(Patience, cancel);
        var checks = new Checks(journal.Attempts, sandbox.Journal.Requests, await books.ReadAsync(cancel), _failovers);
        checks.Run();                                                                     // 6
        if (trouble is not null) checks.Violations.Add(trouble);
        await progress.DisposeAsync();
        Summarize(journal, sandbox, checks);
        return Verdict.Of(checks.Violations.Count == 0, _failovers.Count >= settings.Failovers);
    }

    /// <returns>Why it ended early; null when it did not.</returns>
    private async Task<string?> LoseAgainAndAgainAsync(ClientJournal journal, CancellationToken cancel)
    {
        try
        {
            for (var number = 1; IsOneMore(number); number++)
            {
                var failover = await LoseAsync(number, journal, cancel);
                _failovers.Add(failover);
                Console.WriteLine(failover);
            }
            return null;
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            return $"ended early: {e.Message}";
        }
    }

    /// <summary>One at least. One more takes about as long as the last one did.</summary>
    private bool IsOneMore(int number) => settings.Limit is not { } limit
        ? number <= settings.Failovers
        : number == 1 || _clock.Elapsed + _failovers[^1].Whole < limit;

    private async Task<Failover> LoseAsync(int number, ClientJournal journal, CancellationToken cancel)
    {
        var strike = settings.Strikes[(number - 1) % settings.Strikes.Length];
        _doing = "the cluster becomes whole";
        var node = await cluster.WaitUntilWholeAsync(Patience, cancel);
        await WaitForAcknowledgedAsync(journal, DateTimeOffset.UtcNow, cancel);
        var failover = new Failover { Number = number, Strike = strike, Node = node, StruckAt = DateTimeOffset.UtcNow };
        _doing = $"{strike} of {node}, waiting for a new primary";
        await cluster.StrikeAsync(node, strike, cancel);                                  // 2
        var began = DateTimeOffset.UtcNow;
        var (primary, seen) = await WaitForNewPrimaryAsync(node, cancel);                 // 3
        await WaitForAcknowledgedAsync(journal, seen, cancel);
        _doing = $"{primary} is primary, {node} comes back";
        await cluster.StrikeAsync(node, "repair", cancel);                                // 4
        var last = await cluster.WaitUntilWholeAsync(Patience, cancel);

        var (struck, since) = (failover.StruckAt, _failovers.Count > 0 ? _failovers[^1].StruckAt + _failovers[^1].Whole : default);
        return failover with
        {
            // A cluster that changes its primary again, unasked, says so.
            NewPrimary = last == primary ? primary : $"{primary} -> {last}",
            OutageBegan = Gentle.Contains(strike) ? seen : began,
            OutageEnded = seen,
            Recovery = EndOfLongestSilence(journal, struck) - struck,
            AcknowledgedBefore = journal.Count(a => a.IsAcknowledged && a.EndedAt >= since && a.EndedAt < struck),
            AcknowledgedAfter = journal.Count(a => a.IsAcknowledged && a.EndedAt >= struck),
            Refused = journal.Count(a => a.Status == 503 && a.EndedAt >= struck),
            Whole = DateTimeOffset.UtcNow - struck,
        };
    }

    /// <returns>The new primary, and when the last question was asked to which there was none.</returns>
    private async Task<(string Primary, DateTimeOffset LastSeenWithout)> WaitForNewPrimaryAsync(string old, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        var without = DateTimeOffset.UtcNow;
        while (true)
        {
            var asked = DateTimeOffset.UtcNow;
            if (await cluster.FindPrimaryAsync(old, cancel) is { } primary) return (primary, without);
            without = asked;
            if (waited.Elapsed > Patience) throw new TimeoutException($"No new primary after {Patience.TotalSeconds:F0} s.");
            await Task.Delay(Pause, cancel);
        }
    }

    private static async Task WaitForAcknowledgedAsync(ClientJournal journal, DateTimeOffset since, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        while (journal.AcknowledgedSince(since).Count < AcknowledgedBetween)
        {
            if (waited.Elapsed > Patience) throw new TimeoutException($"Too few calls were acknowledged within {Patience.TotalSeconds:F0} s: {journal.Statuses}");
            await Task.Delay(Pause, cancel);
        }
    }

    private static DateTimeOffset EndOfLongestSilence(ClientJournal journal, DateTimeOffset struck)
    {
        var (last, end, longest) = (struck, struck, TimeSpan.Zero);
        foreach (var at in journal.AcknowledgedSince(struck - TimeSpan.FromSeconds(2)).Where(at => at >= struck))
        {
            if (at - last > longest) (longest, end) = (at - last, at);
            last = at;
        }
        return end;
    }

    /// <summary>A phantom hold would refuse bob too early, a lost settlement too late.</summary>
    private async Task SpendTheRestOfBobAsync(Client client)
    {
        while ((await client.CallAsync(settings.Gateways[0], "bob", isStreamed: false)).Status is 200 or 429) { }
    }

    private void Summarize(ClientJournal journal, SandboxServer sandbox, Checks checks)
    {
        Console.WriteLine("== summary");
        foreach (var line in checks.Facts) Console.WriteLine(line);
        Console.WriteLine($"answers: {journal.Statuses}; calls of the provider: {sandbox.Journal.CountOf(SandboxRoute.ChatCompletions)}");
        foreach (var strike in _failovers.GroupBy(f => f.Strike)) Console.WriteLine(Figures(strike.Key, strike));
        if (_failovers.Count > 0) Console.WriteLine(Figures("all", _failovers));
        foreach (var violation in checks.Violations.Take(50)) Console.WriteLine($"VIOLATION {violation}");
        Console.WriteLine($"{_failovers.Count} failovers, {checks.Violations.Count} violations");
        if (_failovers.Count < settings.Failovers) Console.WriteLine($"the floor was not reached: {settings.Failovers} failovers");
    }

    private static string Figures(string name, IEnumerable<Failover> failovers)
    {
        var seconds = failovers.Select(f => f.Recovery.TotalSeconds).Order().ToList();
        var median = (seconds[(seconds.Count - 1) / 2] + seconds[seconds.Count / 2]) / 2;
        return $"200 again after {name}: {seconds[0]:F1} s at best, {median:F1} s in the median, {seconds[^1]:F1} s at worst ({seconds.Count})";
    }
}
