using Spendra.Core.Metering;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>The numbers of a usage object.</summary>
internal enum AnthropicCount
{
    /// <summary>Input that was neither read from nor written to the cache.</summary>
    Input,
    CacheRead,
    /// <summary>All that was written to the cache.</summary>
    CacheWrite,
    CacheWrite5m,
    CacheWrite1h,
    /// <summary>Output, thinking included.</summary>
    Output,
    Thinking,
    WebSearches,
}

/// <summary>
/// One usage object as Anthropic says it, or one of its iterations. What is not said is null, so that the running
/// totals of a stream can be laid over each other field by field.
/// </summary>
internal sealed class AnthropicUsage
{
    private readonly long?[] _counts = new long?[(int)AnthropicCount.WebSearches + 1];

    public long? this[AnthropicCount count]
    {
        get => _counts[(int)count];
        set => _counts[(int)count] = value;
    }

    public string? Tier { get; set; }

    public string? Geo { get; set; }

    public string? Speed { get; set; }

    /// <summary>Of an iteration: what it was.</summary>
    public string? Kind { get; set; }

    /// <summary>Of an iteration: which model served it.</summary>
    public string? Model { get; set; }

    public List<AnthropicUsage>? Iterations { get; set; }

    /// <summary>
    /// Lays later totals over these: what they say replaces what was said, and the rest stands. False when one is less than
    /// it was, which totals never are.
    /// </summary>
    public bool Overlay(AnthropicUsage later)
    {
        var hasFallen = Iterations is not null && later.Iterations is not null && HaveFallen(Iterations, later.Iterations);
        for (var i = 0; i < _counts.Length; i++)
        {
            hasFallen |= later._counts[i] < _counts[i];
            _counts[i] = later._counts[i] ?? _counts[i];
        }
        Tier = later.Tier ?? Tier;
        Geo = later.Geo ?? Geo;
        Speed = later.Speed ?? Speed;
        Iterations = later.Iterations ?? Iterations;
        return !hasFallen;
    }

    /// <summary>The usage in classes that do not overlap, or null when there is none that can be believed.</summary>
    /// <param name="requested">The model that was asked for.</param>
    /// <param name="served">The model that the response names, or null.</param>
    /// <param name="isBilled">What the call cost is told beside it, so that nothing is reckoned from it.</param>
    public Usage? Normalise(string requested, string? served, bool isBilled) =>
        // No request is without input: who says so has not counted.
        Sum(requested, served) is { } usage && (isBilled || usage.TotalInput > 0) ? usage : null;

    private Usage? Sum(string requested, string? served)
    {
        if (Normalise() is not { } whole) return null;
        if (Iterations is not { Count: > 0 } iterations) return whole;
        var sum = new Usage();
        foreach (var iteration in iterations)
        {
            // Another model has rates of its own, and only one price is pinned to a call.
            if (iteration.Model is { } model && !IsSame(model, requested) && !IsSame(model, served)) return null;
            if (iteration.Kind is not (null or "message" or "compaction")) return null;
            if (iteration.Normalise() is not { } part) return null;
            sum = Usage.SumUnchecked(sum, part);
        }
        if (!sum.IsPlausible) return null;
        // The totals leave out what compaction took; the iterations do not tell what tools were charged.
        if (TokensOf(sum) <= TokensOf(whole)) return whole;
        return whole.Others.Find(UnitClass.WebSearches) is { } searches ? sum.Plus(UnitClass.WebSearches, searches) : sum;
    }

    private Usage? Normalise()
    {
        foreach (var count in _counts)
        {
            if (count > Usage.MaxUnits) return null;
        }
        if (this[AnthropicCount.Input] is not { } input || this[AnthropicCount.Output] is not { } output) return null;
        if (this[AnthropicCount.Thinking] > output) return null;
        var longWrite = this[AnthropicCount.CacheWrite1h] ?? 0;
        var split = longWrite + (this[AnthropicCount.CacheWrite5m] ?? 0);
        // Without the split, and for what it leaves out, the usual time is meant.
        var written = this[AnthropicCount.CacheWrite] ?? split;
        if (written < split) return null;
        var usage = new Usage
        {
            Input = input,
            CachedInput = this[AnthropicCount.CacheRead] ?? 0,
            CacheWrite = written - longWrite,
            Output = output,
            ReasoningWithinOutput = this[AnthropicCount.Thinking] ?? 0,
        };
        if (longWrite > 0) usage = usage.Plus(UnitClass.CacheWriteLong, longWrite);
        if (this[AnthropicCount.WebSearches] is > 0 and var searches) usage = usage.Plus(UnitClass.WebSearches, searches);
        return usage.IsPlausible ? usage : null;
    }

    /// <summary>Iterations are told anew each time, so that one that is left out, or a count in one, is gone.</summary>
    private static bool HaveFallen(List<AnthropicUsage> before, List<AnthropicUsage> now)
    {
        for (var i = 0; i < before.Count; i++)
        {
            if (i >= now.Count || before[i]._counts.Zip(now[i]._counts).Any(c => (c.Second ?? 0) < c.First)) return true;
        }
        return false;
    }

    /// <summary>Elsewhere the same model is named with its maker, and not always.</summary>
    private static bool IsSame(string model, string? other) => other is not null && Bare(model) == Bare(other);

    private static string Bare(string model) => model[(model.LastIndexOf('/') + 1)..];

    private static long TokensOf(in Usage usage) => usage.TotalInput + usage.Output;
}
