using System.Collections.Immutable;
using CsCheck;
using Spendra.Core.Alerts;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Alerts;

/// <summary>What is raised and cleared, how often is tried again, and what health has to say.</summary>
public sealed class AlertComparisonTests
{
    private const long Day = 86_400_000_000;

    private static readonly ImmutableHashSet<AlertKind> Looked = [AlertKind.SoftCap, AlertKind.LimitThreshold];

    [Fact]
    public void What_is_new_is_raised_what_is_gone_is_cleared_and_what_was_not_looked_at_is_left()
    {
        var (kept, gone, other) = (Known("a"), Known("b"), Known("c", AlertKind.OutboxLag));

        var changes = AlertComparison.Of(Looked, [Standing("a"), Standing("d"), Standing("d") with { Title = "again" }], [kept, gone, other]);

        changes.Raised.Should().Equal(Standing("d"));
        changes.Cleared.Should().Equal(gone.AlertId);
        AlertComparison.Of(Looked, [Standing("a")], [kept, other]).IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void What_another_says_keeps_an_alert_standing_and_raises_none()
    {
        var known = Known("a");
        var covered = Standing("a") with { OpensNothing = true };

        AlertComparison.Of(Looked, [covered], []).IsEmpty.Should().BeTrue();
        AlertComparison.Of(Looked, [covered], [known]).IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void A_condition_that_was_not_looked_for_is_a_mistake() =>
        FluentActions.Invoking(() => AlertComparison.Of([AlertKind.OutboxLag], [Standing("a")], [])).Should().Throw<ArgumentException>();

    [Fact]
    public void Applied_a_comparison_leaves_nothing_to_do() => Gen.Select(Gen.Int[0, 9].Array[0, 12], Gen.Int[0, 9].HashSet[0, 10]).Sample((standing, known) =>
    {
        List<StandingAlert> now = [.. standing.Select(n => Standing($"k{n}"))];
        List<KnownAlert> before = [.. known.Select(n => Known($"k{n}"))];
        var changes = AlertComparison.Of(Looked, now, before);
        before.RemoveAll(k => changes.Cleared.Contains(k.AlertId));
        before.AddRange(changes.Raised.Select(r => Known(r.Key)));
        return AlertComparison.Of(Looked, now, before).IsEmpty && before.Select(k => k.Key).ToHashSet().SetEquals(now.Select(n => n.Key));
    });

    [Fact]
    public void Pauses_double_until_four_hours_and_the_twelfth_attempt_is_the_last()
    {
        const long Second = 1_000_000;
        Enumerable.Range(1, 11).Select(n => DeliveryPatience.PauseMicros(n, 0) * 2 / Second).Should()
            .Equal(15, 30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 14_400);
        DeliveryPatience.PauseMicros(12, 0).Should().BeNull();
        DeliveryPatience.PauseMicros(1, 0, 100 * Second).Should().Be(100 * Second);
        DeliveryPatience.PauseMicros(1, 0, 100_000 * Second).Should().Be(14_400 * Second, "nobody is left alone for a day");
        DeliveryPatience.PauseMicros(1, 0, -1).Should().Be(7_500_000);
    }

    [Fact]
    public void Jitter_leaves_between_half_of_a_pause_and_all_of_it() => Gen.Select(Gen.Int[1, 11], Gen.Int[0, 999]).Sample((attempts, jitter) =>
    {
        var (pause, least) = (DeliveryPatience.PauseMicros(attempts, jitter)!.Value, DeliveryPatience.PauseMicros(attempts, 0)!.Value);
        return pause >= least && pause < least * 2;
    });

    [Fact]
    public void Pauses_of_attempts_that_were_not_made_and_of_other_jitter_are_mistakes()
    {
        foreach (var (attempts, jitter) in new[] { (0, 0), (1, -1), (1, 1_000) })
            FluentActions.Invoking(() => DeliveryPatience.PauseMicros(attempts, jitter)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Prices_are_stale_after_so_many_days()
    {
        HealthAlerts.StaleCatalog(10 * Day, 30, 40 * Day - 1).Should().BeNull();
        HealthAlerts.StaleCatalog(10 * Day, 30, 41 * Day - 1)!.Facts.Should().Equal(new AlertFact("days", "30"));
        HealthAlerts.StaleCatalog(10 * Day, 0, 400 * Day).Should().BeNull("nobody wants to hear of it");
        HealthAlerts.StaleCatalog(null, 30, 400 * Day).Should().BeNull("there are no prices yet");
    }

    [Fact]
    public void The_outbox_is_behind_after_a_minute_and_held_until_half_of_one()
    {
        HealthAlerts.OutboxLag(59_999_999, []).Should().BeNull();
        HealthAlerts.OutboxLag(60_000_000, [])!.Severity.Should().Be(AlertSeverity.Critical);
        HealthAlerts.OutboxLag(30_000_000, [HealthAlerts.OutboxKey]).Should().NotBeNull();
        HealthAlerts.OutboxLag(29_999_999, [HealthAlerts.OutboxKey]).Should().BeNull();
    }

    [Fact]
    public void One_booking_in_doubt_is_enough()
    {
        HealthAlerts.InDoubtSettlements(0, NanoUsd.Zero).Should().BeNull();
        HealthAlerts.InDoubtSettlements(1, NanoUsd.FromUsd(2))!.Title.Should().StartWith("1 request was");
        HealthAlerts.InDoubtSettlements(2, NanoUsd.FromUsd(2))!.Facts.Should().Equal(new AlertFact("requests", "2"), new AlertFact("bookedUsd", "2"));
    }

    [Fact]
    public void Every_word_is_read_as_it_is_written()
    {
        foreach (var kind in AlertNames.Kinds) AlertNames.ReadKind(AlertNames.Of(kind)).Should().Be(kind);
        foreach (var severity in Enum.GetValues<AlertSeverity>()) AlertNames.ReadSeverity(AlertNames.Of(severity)).Should().Be(severity);
        foreach (var state in Enum.GetValues<AlertState>()) AlertNames.ReadState(AlertNames.Of(state)).Should().Be(state);
        foreach (var transition in Enum.GetValues<AlertTransition>()) AlertNames.ReadTransition(AlertNames.Of(transition)).Should().Be(transition);
        foreach (var kind in ChannelKinds.All) ChannelKinds.Read(ChannelKinds.NameOf(kind)).Should().Be(kind);
        FluentActions.Invoking(() => AlertNames.ReadKind("nothing")).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => ChannelKinds.Read("pigeon")).Should().Throw<ArgumentException>();
        ChannelKinds.All.Where(ChannelKinds.HearsAcknowledgement).Should().Equal(ChannelKind.PagerDuty, ChannelKind.Webhook);
    }

    private static StandingAlert Standing(string key) => new() { Kind = AlertKind.SoftCap, Severity = AlertSeverity.Info, Key = key, Subject = "s", Title = "t" };

    private static KnownAlert Known(string key, AlertKind kind = AlertKind.SoftCap) => new(Guid.CreateVersion7(), kind, key);
}
