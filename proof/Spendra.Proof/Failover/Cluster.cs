using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Spendra.Proof.Failover;

/// <summary>The nodes, as their Patronis tell, and what may be done to them.</summary>
internal sealed class Cluster : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly string _folder;
    private readonly string _script;
    private readonly (string Name, Uri Url)[] _nodes;
    // A node that is stopped in its tracks takes connections and never answers.
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(1) };

    /// <param name="folder">Of the cluster.</param>
    /// <param name="script">Strikes and repairs.</param>
    /// <param name="nodes">NAME=URL of each Patroni.</param>
    public Cluster(string folder, string script, IEnumerable<string> nodes)
    {
        _folder = folder;
        _script = script;
        _nodes = [.. nodes.Select(n => n.Split('=', 2)).Select(n => (n[0], new Uri(n[1])))];
    }

    /// <summary>Does what the script is told, to one node, and returns when it is done.</summary>
    public async Task StrikeAsync(string node, string what, CancellationToken cancel)
    {
        var port = _nodes.Single(n => n.Name == node).Url.Port;
        using var process = Process.Start(_script, [_folder, node, $"{port}", what]);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{what} of {node} failed");
    }

    /// <summary>The node that says that it is the primary, but for one; null when none does.</summary>
    public async Task<string?> FindPrimaryAsync(string? except, CancellationToken cancel)
    {
        var answers = await Task.WhenAll(_nodes.Where(n => n.Name != except).Select(async n => (n.Name, Is: await SaysAsync(n.Url, "primary", cancel))));
        return answers.FirstOrDefault(a => a.Is).Name;
    }

    /// <summary>Until every node takes part: one primary, the others replicas on its timeline, one of them synchronous.</summary>
    /// <returns>The primary.</returns>
    public async Task<string> WaitUntilWholeAsync(TimeSpan limit, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (await FindPrimaryAsync(except: null, cancel) is { } primary && await IsWholeAsync(primary, cancel)) return primary;
            if (waited.Elapsed > limit) throw new TimeoutException($"The cluster is not whole after {limit.TotalSeconds:F0} s.");
            await Task.Delay(Pause, cancel);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> IsWholeAsync(string primary, CancellationToken cancel)
    {
        var replicas = _nodes.Where(n => n.Name != primary).ToList();
        var are = await Task.WhenAll(replicas.Select(n => SaysAsync(n.Url, "replica", cancel)));
        var synchronous = await Task.WhenAll(replicas.Select(n => SaysAsync(n.Url, "synchronous", cancel)));
        var timelines = await Task.WhenAll(_nodes.Select(n => TimelineAsync(n.Url, cancel)));
        return are.All(yes => yes) && synchronous.Count(yes => yes) == 1 && timelines[0] is not null && timelines.Distinct().Count() == 1;
    }

    private async Task<bool> SaysAsync(Uri node, string role, CancellationToken cancel)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(node, role), cancel);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }

    private async Task<long?> TimelineAsync(Uri node, CancellationToken cancel)
    {
        try
        {
            // A node that is not well tells so with its status, and tells its state all the same.
            using var answer = await _http.GetAsync(new Uri(node, "patroni"), cancel);
            using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancel));
            return document.RootElement.TryGetProperty("timeline", out var timeline) ? timeline.GetInt64() : null;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }
}
