using System.Diagnostics;
using Spendra.Proof.Worlds;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Proof.Failover;

/// <summary>
/// The life of a run.
/// <list type="number">
/// <item>Clients call through both gateways, and an administrator changes dora's rules; neither stops until 5.</item>
/// <item>Once the cluster is whole, the primary is lost.</item>
/// <item>A new primary appears and calls are acknowledged again.</item>
/// <item>The old primary comes back and the cluster becomes whole: 2 again.</item>
/// <item>Rules and clients come to rest; the sweep and the gateways end what is still reserved; carl spends what is left to him.</item>
/// <item>Everything that clients were told is compared with the ledger and with what reached the provider; what can be compared
/// without the ledger has been after every failover.</item>
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
    private readonly Violations _violations = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private IReadOnlyList<string> _facts = ["what clients were told was not compared with the ledger: the run broke off"];
    private string _doing = "starting";

    public async Task<int> RunAsync(CancellationToken cancel)
    {
        await using var sandbox = await SandboxServer.StartAsync(
            new SandboxOptions { Port = settings.SandboxPort, RecordRequests = true, MaxRecordedRequests = int.MaxValue, MaxRecordedBodyBytes = 0 }, cancel);
        using var journal = new ClientJournal("failover", Path.Combine(settings.Folder, "client.jsonl"));
        var administrator = new Administrator(
            DatabaseTarget.Address(settings.Database), settings.MasterKey, "acme", cap => Company.Declaration("acme", settings.Provider, cap, settings.CarlsCap));
        await administrator.BeginAsync();
        var secrets = AppliedKeys.Read(settings.Folder);
        var clients = new Clients(settings.Gateways, administrator, _violations);
        return await Verdict.OfAsync(
            async () =>
            {
                await using var progress = Progress.EverySecond(
                    () => $"{_failovers.Count} failovers, {_doing}; {journal.Statuses}; {administrator.Book.Changes} changes of rules; {_violations.Count} violations");
                await using var load = Load.Start(
                    journal, slug => secrets.GetValueOrDefault(slug) ?? administrator.SecretOf(slug), clients.Callers);                       // 1
                await LoseUnderLoadAsync(load, journal, sandbox, administrator, cancel);
                _doing = "comparing the books";
                if (await EndsAsync(load)) await CompareAllAsync(load, clients, journal, sandbox, administrator, cancel);                     // 5, 6
            },
            () => Summarize(journal, sandbox),
            () => _violations.Count == 0,
            () => _failovers.Count >= settings.Failovers && administrator.Book.Acknowledged >= _failovers.Count);
    }

    private async Task LoseUnderLoadAsync(
        Load load, ClientJournal journal, SandboxServer sandbox, Administrator administrator, CancellationToken cancel)
    {
        try
        {
            await using (administrator.ChangeOn(_violations.Add))
            {
                await LoseAgainAndAgainAsync(journal, () => Compare(journal, sandbox, administrator.Book), cancel);                           // 2, 3, 4
            }
        }
        catch
        {
            // The cluster is in trouble, or its script: what clients are told from now on says nothing about Spendra.
            load.Abandon();
            throw;
        }
    }

    private async Task CompareAllAsync(
        Load load, Clients clients, ClientJournal journal, SandboxServer sandbox, Administrator administrator, CancellationToken cancel)
    {
        await using var books = new Books(settings.Database);
        await books.WaitUntilNothingIsReservedAsync(Patience, cancel);
        await clients.SpendTheRestOfCarlAsync(load);
        await books.WaitUntilNothingIsReservedAsync(Patience, cancel);
        var facts = Compare(journal, sandbox, administrator.Book);
        var checks = new LedgerChecks(journal.Attempts, sandbox.Journal.Requests, await books.ReadAsync(cancel), _failovers, _violations);
        checks.Run();
        _facts = [.. checks.Facts, .. facts];
    }

    /// <summary>Clients that repeat until they know more would go on for ever if no primary came back.</summary>
    private async Task<bool> EndsAsync(Load load)
    {
        try
        {
            await load.StopAsync();
            return true;
        }
        catch (TimeoutException)
        {
            _violations.Add("stuck: calls did not come to an end after the last failover");
            return false;
        }
    }

    /// <summary>What needs no ledger.</summary>
    private List<string> Compare(ClientJournal journal, SandboxServer sandbox, RuleBook rules)
    {
        var checks = new AnswerChecks(journal.Attempts, sandbox.Journal.Requests, rules, _failovers, _violations);
        checks.Run();
        return checks.Facts;
    }

    private async Task LoseAgainAndAgainAsync(ClientJournal journal, Action compare, CancellationToken cancel)
    {
        for (var number = 1; IsOneMore(number); number++)
        {
            if (await LoseAsync(number, journal, cancel) is not { } failover) return;
            _failovers.Add(failover);
            Console.WriteLine(failover);
            compare();
        }
    }

    /// <summary>One at least. One more takes about as long as the last one did.</summary>
    private bool IsOneMore(int number) => settings.Limit is not { } limit
        ? number <= settings.Failovers
        : number == 1 || _clock.Elapsed + _failovers[^1].Whole < limit;

    /// <returns>Null when clients were not served although there was a primary: that is a violation, and the end.</returns>
    private async Task<Failover?> LoseAsync(int number, ClientJournal journal, CancellationToken cancel)
    {
        var strike = settings.Strikes[(number - 1) % settings.Strikes.Length];
        _doing = "the cluster becomes whole";
        var node = await cluster.WaitUntilWholeAsync(Patience, cancel);
        if (!await AreServedAsync(journal, DateTimeOffset.UtcNow, cancel)) return null;
        var failover = new Failover { Number = number, Strike = strike, Node = node, StruckAt = DateTimeOffset.UtcNow };
        _doing = $"{strike} of {node}, waiting for a new primary";
        await cluster.StrikeAsync(node, strike, cancel);                                  // 2
        var began = DateTimeOffset.UtcNow;
        var (primary, seen) = await WaitForNewPrimaryAsync(node, cancel);                 // 3
        if (!await AreServedAsync(journal, seen, cancel)) return null;
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
            AcknowledgedBefore = journal.Attempts.Count(a => a.IsAcknowledged && a.EndedAt >= since && a.EndedAt < struck),
            AcknowledgedAfter = journal.Attempts.Count(a => a.IsAcknowledged && a.EndedAt >= struck),
            Refused = journal.Attempts.Count(a => a.Status == 503 && a.EndedAt >= struck),
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

    private async Task<bool> AreServedAsync(ClientJournal journal, DateTimeOffset since, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        while (journal.AcknowledgedSince(since).Count < AcknowledgedBetween)
        {
            if (waited.Elapsed > Patience)
            {
                _violations.Add($"stuck: there was a primary, and too few calls were acknowledged within {Patience.TotalSeconds:F0} s ({_doing}): {journal.Statuses}");
                return false;
            }
            await Task.Delay(Pause, cancel);
        }
        return true;
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

    private void Summarize(ClientJournal journal, SandboxServer sandbox)
    {
        Console.WriteLine("== summary");
        foreach (var line in _facts) Console.WriteLine(line);
        Console.WriteLine($"answers: {journal.Statuses}; calls of the provider: {sandbox.Journal.CountOf(SandboxRoute.ChatCompletions)}");
        foreach (var strike in _failovers.GroupBy(f => f.Strike)) Console.WriteLine(Figures(strike.Key, strike));
        if (_failovers.Count > 0) Console.WriteLine(Figures("all", _failovers));
        foreach (var violation in _violations.All.Take(50)) Console.WriteLine($"VIOLATION {violation}");
        Console.WriteLine($"{_failovers.Count} failovers, {_violations.Count} violations");
        if (_failovers.Count < settings.Failovers) Console.WriteLine($"the floor was not reached: {settings.Failovers} failovers");
    }

    private static string Figures(string name, IEnumerable<Failover> failovers)
    {
        var seconds = failovers.Select(f => f.Recovery.TotalSeconds).Order().ToList();
        var median = (seconds[(seconds.Count - 1) / 2] + seconds[seconds.Count / 2]) / 2;
        return $"200 again after {name}: {seconds[0]:F1} s at best, {median:F1} s in the median, {seconds[^1]:F1} s at worst ({seconds.Count})";
    }
}
