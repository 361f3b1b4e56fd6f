using System.Runtime.InteropServices;

namespace Spendra.Core.Rollups;

/// <summary>
/// Adds up what one organization has used, by hour; <see cref="AddDaysTo"/> adds up the days. Whatever order facts come in, the sums
/// are the same. Used by one thread.
/// </summary>
public sealed class RollupBook
{
    private readonly Dictionary<UsageKey, UsageSums> _usage = [];
    private readonly Dictionary<UnitKey, long> _units = [];
    private readonly Dictionary<LatencyKey, LatencySums> _latency = [];
    private readonly Dictionary<RefusalKey, long> _refusals = [];
    private readonly Dictionary<RollupSeries, Guid> _series = [];

    public IReadOnlyDictionary<UsageKey, UsageSums> Usage => _usage;

    public IReadOnlyDictionary<UnitKey, long> Units => _units;

    public IReadOnlyDictionary<LatencyKey, LatencySums> Latency => _latency;

    public IReadOnlyDictionary<RefusalKey, long> Refusals => _refusals;

    /// <summary>Every series that was counted, with its id.</summary>
    public IReadOnlyDictionary<RollupSeries, Guid> Series => _series;

    /// <summary>How many rows it is, of all tables.</summary>
    public int RowCount => _usage.Count + _units.Count + _latency.Count + _refusals.Count;

    public bool IsEmpty => RowCount == 0;

    /// <exception cref="OverflowException">A sum is larger than any amount can be.</exception>
    public void Add(in EventFact fact)
    {
        var seriesId = Know(fact.Series);
        var startsAt = RollupSpans.StartOf(RollupSpan.Hour, fact.ReservedAt);
        var sums = UsageSums.Of(fact);
        foreach (var subjectId in fact.Subjects)
        {
            var key = new UsageKey(RollupSpan.Hour, startsAt, subjectId, seriesId);
            Add(key, sums);
            foreach (var (unit, count) in fact.Usage.Others) Add(new UnitKey(key, unit), count);
        }
        if (fact.EventNumber > 0 || fact.IsEstimated) return;
        var took = fact.OccurredAt - fact.ReservedAt;
        Add(new LatencyKey(RollupSpan.Hour, startsAt, seriesId, LatencyClasses.Of(took)), new LatencySums(1, took));
    }

    public void AddRelease(RollupSeries series, ReadOnlySpan<Guid> subjects, long reservedAt)
    {
        var seriesId = Know(series);
        var startsAt = RollupSpans.StartOf(RollupSpan.Hour, reservedAt);
        foreach (var subjectId in subjects) Add(new UsageKey(RollupSpan.Hour, startsAt, subjectId, seriesId), new UsageSums { Releases = 1 });
    }

    /// <summary>A correction of an account, beside all requests: it belongs to the organization alone.</summary>
    public void AddAccountAdjustment(RollupSeries series, Guid organizationId, long bookedAt, long nanos) => Add(
        new UsageKey(RollupSpan.Hour, RollupSpans.StartOf(RollupSpan.Hour, bookedAt), organizationId, Know(series)),
        new UsageSums { CostNanos = nanos, CorrectedNanos = nanos });

    public void AddRefusal(RollupSeries series, ReadOnlySpan<Guid> subjects, long refusedAt, string code)
    {
        var seriesId = Know(series);
        var startsAt = RollupSpans.StartOf(RollupSpan.Hour, refusedAt);
        foreach (var subjectId in subjects) Add(new RefusalKey(new UsageKey(RollupSpan.Hour, startsAt, subjectId, seriesId), code), 1);
    }

    /// <summary>The part of the book whose spans begin at some times.</summary>
    public RollupBook Part(Func<long, bool> startsAt)
    {
        var part = new RollupBook();
        foreach (var (series, id) in _series) part._series.Add(series, id);
        foreach (var (key, sums) in _usage)
        {
            if (startsAt(key.StartsAt)) part.Add(key, sums);
        }
        foreach (var (key, count) in _units)
        {
            if (startsAt(key.Usage.StartsAt)) part.Add(key, count);
        }
        foreach (var (key, count) in _refusals)
        {
            if (startsAt(key.Usage.StartsAt)) part.Add(key, count);
        }
        foreach (var (key, sums) in _latency)
        {
            if (startsAt(key.StartsAt)) part.Add(key, sums);
        }
        return part;
    }

    /// <summary>Adds its hours up to days, in another book or in itself. Once, when everything is in.</summary>
    public void AddDaysTo(RollupBook days)
    {
        foreach (var (series, id) in _series.ToArray()) days._series[series] = id;
        foreach (var (key, sums) in _usage.ToArray()) days.Add(DayOf(key), sums);
        foreach (var (key, count) in _units.ToArray()) days.Add(key with { Usage = DayOf(key.Usage) }, count);
        foreach (var (key, count) in _refusals.ToArray()) days.Add(key with { Usage = DayOf(key.Usage) }, count);
        foreach (var (key, sums) in _latency.ToArray())
            days.Add(key with { Span = RollupSpan.Day, StartsAt = RollupSpans.StartOf(RollupSpan.Day, key.StartsAt) }, sums);
    }

    private static UsageKey DayOf(UsageKey key) => key with { Span = RollupSpan.Day, StartsAt = RollupSpans.StartOf(RollupSpan.Day, key.StartsAt) };

    private Guid Know(RollupSeries series)
    {
        ref var id = ref CollectionsMarshal.GetValueRefOrAddDefault(_series, series, out var isKnown);
        if (!isKnown) id = series.DeriveId();
        return id;
    }

    private void Add(UsageKey key, in UsageSums sums) => CollectionsMarshal.GetValueRefOrAddDefault(_usage, key, out _).Add(sums);

    private void Add(UnitKey key, long count)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_units, key, out _);
        sum = checked(sum + count);
    }

    private void Add(RefusalKey key, long count)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_refusals, key, out _);
        sum = checked(sum + count);
    }

    private void Add(LatencyKey key, LatencySums sums)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_latency, key, out _);
        sum = checked(new LatencySums(sum.Requests + sums.Requests, sum.TotalMicros + sums.TotalMicros));
    }
}
