using System.Numerics;
using Spendra.Core.Metering;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// Puts together what the responses of one call said. Their usage is cumulative: the last one that can be believed
/// counts, by the greatest that was told of each sum, and once one made no sense none is believed. While a stream has not
/// ended its usage is only what was used so far, which is less than the bill: it counts when every candidate has its
/// reason for ending, and only what is told with the last reason or behind it.
/// </summary>
/// <param name="hasOutput">Whether the call produces output tokens.</param>
/// <param name="candidates">How many candidates must end before a stream's usage is complete; 0 when it is no stream.</param>
/// <param name="mapQueries">
/// What a call grounded by maps is charged for: the answer tells that it was, and not by how many queries.
/// </param>
internal sealed class GeminiTally(bool hasOutput, int candidates, long mapQueries)
{
    // Of each candidate, and behind them of those that have no place.
    private readonly long[] _searches = new long[GeminiRequestReader.MaxCandidates + 1];

    private bool _isContradicted;
    private bool _isMapGrounded;
    private bool _isBlocked;
    private long _ended;
    private Usage? _usage;
    private GeminiUsage? _told;

    public bool HasError { get; private set; }

    public string? Model { get; private set; }

    public string? Tier { get; private set; }

    /// <summary>The usage in classes that do not overlap, or null while it is unknown.</summary>
    public Usage? Usage => !_isContradicted && !HasError && HasEnded && _usage is { } usage ? WithFees(usage) : null;

    private bool HasEnded => _isBlocked || BitOperations.PopCount((ulong)_ended) >= candidates;

    public void Add(GeminiResponse response)
    {
        HasError |= response.HasError;
        Model = response.Model ?? Model;
        _isMapGrounded |= response.IsMapGrounded;
        _isBlocked |= response.IsBlocked;
        _ended |= response.Ended;
        Ground(response.Searches);
        // What was told before a candidate ended is less than it used.
        if (response.Ended != 0 || response.IsBlocked) _usage = null;
        if (response.Usage is not { } told) return;
        Tier = TierOf(told) ?? Tier;
        if (told.IsSilent) return;
        _isContradicted |= told.ToUsage(hasOutput) is null;
        if (_told is { } before) told.RaiseTo(before);
        _told = told;
        _usage = told.ToUsage(hasOutput);
    }

    /// <summary>Tells a meter's reading what is known.</summary>
    public void Tell(MeterReading reading)
    {
        reading.Usage = Usage;
        reading.ServedModel = Model;
        reading.ServedTier = Tier;
    }

    /// <summary>Each chunk repeats what grounds its candidates so far.</summary>
    private void Ground(ReadOnlySpan<long> searches)
    {
        for (var candidate = 0; candidate < searches.Length; candidate++)
            _searches[candidate] = Math.Max(_searches[candidate], searches[candidate]);
    }

    /// <summary>
    /// Searches, of the web and of maps, count as queries and as one grounded prompt: which of both is billed is a matter of
    /// the model, and the price book has a rate for that one.
    /// </summary>
    private Usage WithFees(Usage usage)
    {
        if (_searches.Sum() is > 0 and var searches) usage = usage.Plus(UnitClass.WebSearches, searches).Plus(UnitClass.GroundedPrompts, 1);
        return _isMapGrounded ? usage.Plus(UnitClass.MapQueries, mapQueries).Plus(UnitClass.GroundedMapPrompts, 1) : usage;
    }

    /// <summary>The tier in the words of the price book; null when nothing is said.</summary>
    private static string? TierOf(GeminiUsage told) => ServedTierOf(told.ServiceTier) ?? TierOfTraffic(told.TrafficType);

    /// <summary>The same of a <c>serviceTier</c> alone.</summary>
    public static string? ServedTierOf(string? tier) =>
        string.IsNullOrEmpty(tier) || tier.EndsWith("unspecified", StringComparison.OrdinalIgnoreCase) ? null : GeminiRequestReader.TierOf(tier);

    private static string? TierOfTraffic(string? trafficType) => trafficType switch
    {
        null or "" or "TRAFFIC_TYPE_UNSPECIFIED" => null,
        "ON_DEMAND" => Core.Pricing.PriceVersion.DefaultTier,
        "ON_DEMAND_FLEX" => "flex",
        "ON_DEMAND_PRIORITY" => "priority",
        // Throughput that was bought in advance, or something new: it has no price unless the book lists it by this name.
        _ => trafficType.ToLowerInvariant(),
    };
}
