using CsCheck;
using Spendra.Core.Metering;
using Spendra.Core.Rollups;

namespace Spendra.Core.Tests.Rollups;

public sealed class RollupBookTests
{
    private const long Hour = 3_600_000_000;
    private const long Day = 24 * Hour;
    private static readonly Guid Org = new(1, 0, 0, new byte[8]);
    private static readonly Guid Team = new(2, 0, 0, new byte[8]);
    private static readonly Guid Key = new(3, 0, 0, new byte[8]);
    private static readonly RollupSeries Series = new(new Guid(9, 0, 0, new byte[8]), "openai", "gpt-6-sol", "");

    [Theory]
    [InlineData(RollupSpan.Hour, 0, 0)]
    [InlineData(RollupSpan.Hour, Hour - 1, 0)]
    [InlineData(RollupSpan.Hour, Hour, Hour)]
    [InlineData(RollupSpan.Hour, -1, -Hour)]
    [InlineData(RollupSpan.Day, Day + Hour, Day)]
    [InlineData(RollupSpan.Day, -Day, -Day)]
    public void Span_begins_at_the_full_hour_or_day(RollupSpan span, long at, long startsAt) => RollupSpans.StartOf(span, at).Should().Be(startsAt);

    [Fact]
    public void Event_counts_in_each_of_its_scopes_and_for_its_key()
    {
        var book = new RollupBook();
        Add(book, at: Hour + 5, cost: 40, held: 100);
        book.Usage.Keys.Select(k => k.SubjectId).Should().BeEquivalentTo([Org, Team, Key]);
        book.Usage.Values.Should().AllBeEquivalentTo(new UsageSums
        {
            Requests = 1, CostNanos = 40, MeasuredNanos = 40, MeasuredHeldNanos = 100, InputUnits = 3, CachedInputUnits = 2, CacheWriteUnits = 1,
            OutputUnits = 7, ReasoningUnits = 4,
        });
        book.Units.Should().HaveCount(3).And.OnlyContain(u => u.Key.Unit == UnitClass.AudioInput && u.Value == 12);
        book.Latency.Should().ContainSingle().Which.Should().Be(
            KeyValuePair.Create(new LatencyKey(RollupSpan.Hour, Hour, Series.DeriveId(), LatencyClasses.Of(5_000)), new LatencySums(1, 5_000)));
    }

    [Fact]
    public void Correction_changes_cost_and_is_no_request()
    {
        var book = new RollupBook();
        Add(book, at: 5, cost: 40, held: 100);
        Add(book, at: 5, cost: -7, held: 100, number: 1);
        var sums = book.Usage[new UsageKey(RollupSpan.Hour, 0, Org, Series.DeriveId())];
        (sums.Requests, sums.CostNanos, sums.CorrectedNanos, sums.MeasuredNanos).Should().Be((1, 33, -7, 40));
        book.Latency.Values.Should().Equal(new LatencySums(1, 5_000));
    }

    [Fact]
    public void Estimate_tells_nothing_of_tightness_and_latency()
    {
        var book = new RollupBook();
        Add(book, at: 5, cost: 100, held: 100, isEstimated: true);
        var sums = book.Usage[new UsageKey(RollupSpan.Hour, 0, Org, Series.DeriveId())];
        (sums.Requests, sums.EstimatedRequests, sums.EstimatedNanos, sums.MeasuredHeldNanos).Should().Be((1, 1, 100, 0));
        book.Latency.Should().BeEmpty();
    }

    [Fact]
    public void Sum_that_no_amount_can_be_is_refused()
    {
        var book = new RollupBook();
        Add(book, at: 5, cost: long.MaxValue, held: 0);
        FluentActions.Invoking(() => Add(book, at: 5, cost: 1, held: 0)).Should().Throw<OverflowException>();
    }

    [Fact]
    public void Days_are_their_hours_whatever_the_order() =>
        Gen.Select(Gen.Long[0, 4 * Day], Gen.Long[-50, 1_000], Gen.Int[0, 2], Gen.Bool).Array[1, 40].Sample(events =>
        {
            var (forward, backward) = (Of(events), Of([.. events.Reverse()]));
            forward.Usage.Should().BeEquivalentTo(backward.Usage);
            var days = forward.Usage.Where(u => u.Key.Span == RollupSpan.Day && u.Key.SubjectId == Org).ToList();
            days.Sum(d => d.Value.CostNanos).Should().Be(events.Sum(e => e.Item2));
            days.Sum(d => d.Value.Requests).Should().Be(events.Count(e => e.Item3 == 0));
            foreach (var (key, sums) in days)
            {
                var hours = forward.Usage.Where(u => u.Key.Span == RollupSpan.Hour && u.Key.SubjectId == Org
                    && u.Key.StartsAt >= key.StartsAt && u.Key.StartsAt < key.StartsAt + Day);
                hours.Sum(h => h.Value.CostNanos).Should().Be(sums.CostNanos);
            }
        }, iter: 200);

    [Fact]
    public void Parts_of_a_book_are_the_book()
    {
        var book = new RollupBook();
        for (var i = 0; i < 50; i++) Add(book, at: i * Hour / 3, cost: i, held: 100);
        book.AddRefusal(Series, [Org, Key], 3 * Hour, "budget_exceeded");
        book.AddRelease(Series, [Org, Key], 9 * Hour);
        var (early, late) = (book.Part(at => at < 5 * Hour), book.Part(at => at >= 5 * Hour));
        early.Usage.Keys.Should().OnlyContain(k => k.StartsAt < 5 * Hour);
        early.Usage.Concat(late.Usage).Should().BeEquivalentTo(book.Usage);
        early.Refusals.Concat(late.Refusals).Should().BeEquivalentTo(book.Refusals);
        early.Latency.Concat(late.Latency).Should().BeEquivalentTo(book.Latency);
        early.Units.Concat(late.Units).Should().BeEquivalentTo(book.Units);
    }

    [Theory]
    [InlineData(-5, 0)]
    [InlineData(999, 0)]
    [InlineData(1_000, 1)]
    [InlineData(1_999, 1)]
    [InlineData(2_000, 2)]
    [InlineData(1_000_000, 10)]
    [InlineData(long.MaxValue, 19)]
    public void Class_of_a_latency_doubles(long micros, int latencyClass)
    {
        LatencyClasses.Of(micros).Should().Be(latencyClass);
        if (LatencyClasses.EndMs(latencyClass) is { } end) (micros / 1_000).Should().BeLessThan(end);
    }

    [Theory]
    [InlineData(500, 4L)]
    [InlineData(750, 4L)]
    [InlineData(751, 16L)]
    [InlineData(990, 16L)]
    [InlineData(0, 1L)]
    public void Percentile_is_the_end_of_the_class_that_holds_it(int perMille, long endMs)
    {
        var classes = new long[LatencyClasses.Count];
        (classes[0], classes[2], classes[4]) = (25, 50, 25);
        LatencyClasses.PercentileMs(classes, perMille).Should().Be(endMs);
    }

    [Fact]
    public void Percentile_of_nothing_and_above_all_classes_is_unknown()
    {
        var classes = new long[LatencyClasses.Count];
        LatencyClasses.PercentileMs(classes, 500).Should().BeNull();
        classes[^1] = long.MaxValue;
        LatencyClasses.PercentileMs(classes, 500).Should().BeNull();
        classes[3] = long.MaxValue;
        LatencyClasses.PercentileMs(classes, 500).Should().Be(8);
    }

    [Fact]
    public void Id_of_a_series_follows_from_all_it_says()
    {
        RollupSeries[] others =
        [
            Series, Series with { AccountId = Org }, Series with { Provider = "openaig" }, Series with { Model = "pt-6-sol" },
            Series with { Environment = "x" }, new(Series.AccountId, "openaigpt-6-sol", "", ""),
        ];
        others.Select(s => s.DeriveId()).Should().OnlyHaveUniqueItems();
        new RollupSeries(Series.AccountId, "openai", "gpt-6-sol", "").DeriveId().Should().Be(Series.DeriveId());
    }

    private static RollupBook Of((long At, long Cost, int Number, bool IsEstimated)[] events)
    {
        var book = new RollupBook();
        foreach (var (at, cost, number, isEstimated) in events) Add(book, at, cost, 100, number, isEstimated);
        book.AddDaysTo(book);
        return book;
    }

    private static void Add(RollupBook book, long at, long cost, long held, int number = 0, bool isEstimated = false) => book.Add(new EventFact
    {
        Series = Series,
        Subjects = [Org, Team, Key],
        ReservedAt = at,
        OccurredAt = at + 5_000,
        EventNumber = number,
        CostNanos = cost,
        HeldNanos = held,
        Usage = new Usage
        {
            Input = 3, CachedInput = 2, CacheWrite = 1, Output = 7, ReasoningWithinOutput = 4,
            Others = default(UnitMap<long>).With(UnitClass.AudioInput, 12),
        },
        IsEstimated = isEstimated,
    });
}
