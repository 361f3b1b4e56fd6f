using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using Spendra.Core.Alerts;
using Spendra.Core.Governance;
using Spendra.Storage.Access;
using Spendra.Storage.Alerts;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Tests.Alerts;

/// <summary>Alerts and their notices, as several workers see them, on either engine.</summary>
public abstract class AlertContract(DatabaseEngine engine)
{
    private static readonly ImmutableHashSet<AlertKind> Looked = [AlertKind.SoftCap, AlertKind.LimitThreshold];
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_four_workers_find_at_once_is_raised_once_and_told_once()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        await SubscribeAsync(store, Channel("mail"));

        var workers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            // A worker of its own: another connection, another clock's reading.
            var book = new AlertBook(store.Database, TimeProvider.System);
            return await book.TakeAsync(acme, "conditions", Interval, Cancel) is { } look && (await book.SettleAsync(look, Looked, [Standing("a")], Cancel)).Raised.Length == 1;
        }, Cancel));
        (await Task.WhenAll(workers)).Count(raised => raised).Should().Be(1);

        (await store.ScalarAsync<long>("SELECT count(*) FROM alerts")).Should().Be(1);
        (await store.ScalarAsync<long>("SELECT count(*) FROM alert_deliveries")).Should().Be(1);
    }

    [Fact]
    public async Task A_condition_that_holds_stays_one_alert_and_one_that_is_gone_resolves_it_and_may_come_back()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        await SubscribeAsync(store, Channel("mail"));

        (await LookAsync(store, acme, Standing("a"))).Raised.Should().ContainSingle();
        (await LookAsync(store, acme, Standing("a"))).IsEmpty.Should().BeTrue();
        (await LookAsync(store, acme)).Cleared.Should().ContainSingle();
        (await LookAsync(store, acme)).IsEmpty.Should().BeTrue();
        (await LookAsync(store, acme, Standing("a"))).Raised.Should().ContainSingle();

        (await AlertsAsync(store, acme)).Select(a => (a.State, a.ClearedAt is null)).Should().Equal((AlertState.Open, true), (AlertState.Resolved, false));
        (await NoticesAsync(store, acme)).Select(d => d.Notice.Transition).Should().Equal(AlertTransition.Raised, AlertTransition.Resolved, AlertTransition.Raised);
    }

    [Fact]
    public async Task Of_two_looks_the_later_counts_whatever_the_earlier_has_found()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var book = new AlertBook(store.Database, _time);
        var slow = (await book.TakeAsync(acme, "conditions", Interval, Cancel))!;
        (await book.TakeAsync(acme, "conditions", Interval, Cancel)).Should().BeNull("somebody is looking");
        (await book.TakeAsync(acme, "activity", Interval, Cancel)).Should().NotBeNull("that is another look");
        _time.Advance(Interval);
        var next = (await book.TakeAsync(acme, "conditions", Interval, Cancel))!;

        (await book.SettleAsync(slow, Looked, [Standing("a")], Cancel)).IsEmpty.Should().BeTrue();
        (await book.SettleAsync(next, Looked, [Standing("b")], Cancel)).Raised.Should().ContainSingle();
        (await book.SettleAsync(slow, Looked, [], Cancel)).IsEmpty.Should().BeTrue();
    }

    [Fact]
    public async Task A_clock_that_was_far_ahead_keeps_nobody_from_looking()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var ahead = new FakeTimeProvider(_time.GetUtcNow().AddDays(400));
        (await new AlertBook(store.Database, ahead).TakeAsync(acme, "conditions", Interval, Cancel)).Should().NotBeNull();
        var book = new AlertBook(store.Database, _time);
        var look = (await book.TakeAsync(acme, "conditions", Interval, Cancel))!;
        (await book.TakeAsync(acme, "conditions", Interval, Cancel)).Should().BeNull("somebody is looking");
        (await book.SettleAsync(look, Looked, [Standing("a")], Cancel)).Raised.Should().ContainSingle();

        // Clocks differ a little, and then the look of the one that is ahead counts.
        var little = new FakeTimeProvider(_time.GetUtcNow() + Interval * 1.5);
        (await new AlertBook(store.Database, little).TakeAsync(acme, "conditions", Interval, Cancel)).Should().NotBeNull();
        _time.Advance(Interval);
        (await book.TakeAsync(acme, "conditions", Interval, Cancel)).Should().BeNull("that one has looked");
    }

    [Fact]
    public async Task What_somebody_resolved_is_not_raised_again_until_it_was_gone()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        await SubscribeAsync(store, Channel("mail"), Channel("hook", ChannelKind.Webhook));
        await LookAsync(store, acme, Standing("a"));
        var alert = (await AlertsAsync(store, acme)).Single();

        var taken = alert with { State = AlertState.Acknowledged, AcknowledgedAt = 1, AcknowledgedBy = "ada", Version = 2 };
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.MoveAlert(taken, AlertTransition.Acknowledged));
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.MoveAlert(taken with { State = AlertState.Resolved, ResolvedAt = 2, ResolvedBy = "ada", Version = 3 }, AlertTransition.Resolved));
        (await LookAsync(store, acme, Standing("a"))).IsEmpty.Should().BeTrue("ada has dealt with it");
        (await LookAsync(store, acme)).Cleared.Should().Equal(alert.AlertId);
        (await LookAsync(store, acme, Standing("a"))).Raised.Should().ContainSingle();

        var first = (await AlertsAsync(store, acme))[1];
        (first.ResolvedBy, first.ResolvedAt, first.AcknowledgedBy).Should().Be(("ada", 2L, "ada"));
        (await NoticesAsync(store, acme)).Where(d => d.AlertId == alert.AlertId).Select(d => $"{d.Channel} {AlertNames.Of(d.Notice.Transition)}").Should()
            .BeEquivalentTo("mail raised", "hook raised", "hook acknowledged", "mail resolved", "hook resolved");
    }

    [Fact]
    public async Task Rules_choose_by_kind_severity_and_scope_and_a_channel_that_two_name_hears_once()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var (team, ada, bob) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutScope(new ScopeRow(new Scope(team, ScopeKind.Team, "search", "Search", null), false)),
            new GovernanceWrite.PutScope(new ScopeRow(new Scope(ada, ScopeKind.Employee, "ada", "Ada", team), false)), new GovernanceWrite.PutScope(GovernanceEdits.Employee(bob)));
        var (all, critical, search, gone) = (Channel("all"), Channel("critical"), Channel("search"), Channel("gone"));
        foreach (var channel in new[] { all, critical, search, gone with { IsArchived = true } }) await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutChannel(channel));
        await PutRulesAsync(store,
            Rule("all", all), Rule("all-again", all), Rule("critical", critical) with { LeastSeverity = AlertSeverity.Critical },
            Rule("search", search, gone) with { ScopeId = team }, Rule("caps", critical) with { Kinds = [AlertKind.SoftCap] },
            Rule("archived", critical) with { IsArchived = true });

        await LookAsync(store, acme,
            Standing("a") with { ScopeId = ada, Kind = AlertKind.LimitThreshold }, Standing("b") with { ScopeId = bob, Kind = AlertKind.LimitThreshold, Severity = AlertSeverity.Critical },
            Standing("c"));

        var told = (await NoticesAsync(store, acme)).Select(d => $"{d.Notice.Subject} {d.Channel} {d.Rule}");
        told.Should().BeEquivalentTo("a all all", "a search search", "b all all", "b critical critical", "c all all", "c critical caps");
        (await NoticesAsync(store, acme)).Where(d => d.Notice.Subject == "a").Select(d => d.Notice.Scope).Should().AllBe("employee/ada");
    }

    [Fact]
    public async Task A_notice_is_taken_by_one_worker_until_its_lease_is_over_and_noted_by_who_holds_it()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var channel = await SubscribeAsync(store, Channel("mail"));
        await LookAsync(store, acme, Standing("a"));
        var (queue, now) = (new DeliveryQueue(store.Database), Micros.Now(_time));
        var due = (await queue.FindDueAsync(now, Cancel)).Should().Equal(new DueChannel(acme, channel.ChannelId)).And.Subject.Single();

        var taken = (await queue.TakeAsync(due, now, now + 60, Cancel))!;
        (await queue.TakeAsync(due, now + 59, now + 119, Cancel)).Should().BeNull();
        (await queue.FindDueAsync(now + 59, Cancel)).Should().BeEmpty();
        var again = (await queue.TakeAsync(due, now + 60, now + 120, Cancel))!;

        again.Row.DeliveryId.Should().Be(taken.Row.DeliveryId);
        (taken.Row.Attempts, again.Row.Attempts).Should().Be((1, 2));
        (await queue.EndAsync(taken, DeliveryState.Delivered, 200, null, now + 61, Cancel)).Should().BeFalse("the lease is somebody else's");
        (await queue.PostponeAsync(taken, now, null, null, Cancel)).Should().BeFalse();
        (await queue.EndAsync(again, DeliveryState.Delivered, 200, null, now + 61, Cancel)).Should().BeTrue();
        (await NoticesAsync(store, acme)).Single().Should().Match<DeliveryRow>(d => d.State == DeliveryState.Delivered && d.LastStatus == 200 && d.NextAttemptAt == null);
    }

    [Fact]
    public async Task Workers_that_take_at_once_take_different_notices()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var channel = await SubscribeAsync(store, Channel("mail"));
        await LookAsync(store, acme, [.. Enumerable.Range(0, 20).Select(n => Standing($"k{n}"))]);
        var (queue, now) = (new DeliveryQueue(store.Database), Micros.Now(_time));

        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var mine = new List<Guid>();
            while (await queue.TakeAsync(new DueChannel(acme, channel.ChannelId), now, now + 60_000_000, Cancel) is { } next) mine.Add(next.Row.DeliveryId);
            return mine;
        }, Cancel)));

        taken.SelectMany(ids => ids).Should().OnlyHaveUniqueItems().And.HaveCountGreaterThan(15, "somebody may have found the last ones locked");
    }

    [Fact]
    public async Task That_it_is_over_is_told_after_that_it_began()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var channel = await SubscribeAsync(store, Channel("mail"));
        await LookAsync(store, acme, Standing("a"));
        await LookAsync(store, acme);
        var (queue, now) = (new DeliveryQueue(store.Database), Micros.Now(_time));
        var due = new DueChannel(acme, channel.ChannelId);

        var raised = (await queue.TakeAsync(due, now, now + 60, Cancel))!;
        raised.Row.Notice.Transition.Should().Be(AlertTransition.Raised);
        (await queue.TakeAsync(due, now, now + 60, Cancel)).Should().BeNull("what began is on its way");
        await queue.PostponeAsync(raised, now + 1_000, 500, "x", Cancel);
        (await queue.TakeAsync(due, now + 999, now + 2_000, Cancel)).Should().BeNull("it has not arrived");
        raised = (await queue.TakeAsync(due, now + 1_000, now + 2_000, Cancel))!;
        await queue.EndAsync(raised, DeliveryState.Delivered, 200, null, now + 1_000, Cancel);
        (await queue.TakeAsync(due, now + 1_000, now + 2_000, Cancel))!.Row.Notice.Transition.Should().Be(AlertTransition.Resolved);
    }

    [Fact]
    public async Task A_channel_that_is_mended_is_tried_at_once_and_one_that_is_archived_is_given_up()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var channel = await SubscribeAsync(store, Channel("mail"));
        await LookAsync(store, acme, Standing("a"));
        var (queue, later) = (new DeliveryQueue(store.Database), Micros.Now(TimeProvider.System) + 3_600_000_000);
        var due = new DueChannel(acme, channel.ChannelId);
        await queue.PostponeAsync((await queue.TakeAsync(due, later, later, Cancel))!, later, 535, "refused", Cancel);

        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutChannel(channel with { Secret = [9] }));
        (await queue.FindDueAsync(Micros.Now(TimeProvider.System), Cancel)).Should().Equal(due);
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutChannel(channel with { IsArchived = true }));

        (await queue.FindDueAsync(later, Cancel)).Should().BeEmpty();
        var dead = (await NoticesAsync(store, acme)).Single();
        (dead.State, dead.LastError).Should().Be((DeliveryState.Dead, "the channel was archived"));
        await LookAsync(store, acme);
        (await NoticesAsync(store, acme)).Should().ContainSingle("who did not hear that it began does not hear that it is over");
    }

    [Fact]
    public async Task Who_could_not_be_told_that_it_began_is_not_told_that_it_is_over()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var channel = await SubscribeAsync(store, Channel("mail"));
        await LookAsync(store, acme, Standing("a"));
        var (queue, now) = (new DeliveryQueue(store.Database), Micros.Now(_time));
        await queue.EndAsync((await queue.TakeAsync(new DueChannel(acme, channel.ChannelId), now, now + 1, Cancel))!, DeliveryState.Dead, 500, "x", now, Cancel);

        await LookAsync(store, acme);

        (await NoticesAsync(store, acme)).Should().ContainSingle();
    }

    [Fact]
    public async Task What_rollups_tell_is_raised_by_one_worker_at_a_time()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var book = new AlertBook(store.Database, _time);
        var spend = new HourlyActivity(acme, "organization", [.. Enumerable.Repeat(0L, 24)], 2_000_000_000, 0);

        var look = (await book.TakeActivityAsync(acme, Interval, Cancel))!;
        (await book.TakeActivityAsync(acme, Interval, Cancel)).Should().BeNull("somebody is looking, and nobody else needs to read anything");
        var changes = await book.SettleActivityAsync(look, [spend], [spend with { Hour = 21 }], 61_000_000, Cancel);
        changes.Raised.Select(a => a.Kind).Should().Equal(AlertKind.BurnRate, AlertKind.UnusualRefusals, AlertKind.OutboxLag);
        _time.Advance(Interval);
        var next = (await book.TakeActivityAsync(acme, Interval, Cancel))!;
        (await book.SettleActivityAsync(look, [], [], 0, Cancel)).IsEmpty.Should().BeTrue("what it has read is older than the look of another");
        (await book.SettleActivityAsync(next, [spend], [], 31_000_000, Cancel)).Cleared.Should().ContainSingle("the refusals are over, and the lag only half");
    }

    private static async Task<ChannelRow> SubscribeAsync(GovernanceStore store, params ChannelRow[] channels)
    {
        foreach (var channel in channels) await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutChannel(channel));
        await PutRulesAsync(store, Rule("everything", channels));
        return channels[0];
    }

    private static async Task PutRulesAsync(GovernanceStore store, params AlertRuleRow[] rules) =>
        await GovernanceEdits.ApplyAsync(store, [.. rules.Select(r => new GovernanceWrite.PutAlertRule(r))]);

    private async Task<AlertComparison> LookAsync(GovernanceStore store, Guid acme, params StandingAlert[] standing)
    {
        _time.Advance(Interval);
        var book = new AlertBook(store.Database, _time);
        return await book.SettleAsync((await book.TakeAsync(acme, "conditions", Interval, Cancel))!, Looked, standing, Cancel);
    }

    private static Task<IReadOnlyList<AlertRow>> AlertsAsync(GovernanceStore store, Guid acme) =>
        AlertLists.ReadAsync(store.Database, Everything(acme), new AlertListQuery(null, null, null, null, 100), Cancel);

    /// <summary>Oldest first.</summary>
    private static async Task<IReadOnlyList<DeliveryRow>> NoticesAsync(GovernanceStore store, Guid acme) =>
        [.. (await DeliveryLists.ReadAsync(store.Database, Everything(acme), new DeliveryListQuery(null, null, null, null, 100), Cancel)).Reverse()];

    private static Coverage Everything(Guid acme) => new(acme, Guid.Empty, IsEverything: true);

    private static StandingAlert Standing(string key) => new()
    {
        Kind = AlertKind.SoftCap, Severity = AlertSeverity.Warning, Key = key, Subject = key, Title = "t", Facts = [new AlertFact("limitUsd", "1")],
    };

    private static ChannelRow Channel(string slug, ChannelKind kind = ChannelKind.Email) =>
        new(Guid.CreateVersion7(), slug, kind, new ChannelSettings { Host = "mail.example", To = ["a@example.com"] }, [1, 2, 3], IsArchived: false, Version: 1);

    private static AlertRuleRow Rule(string slug, params ChannelRow[] channels) =>
        new(Guid.CreateVersion7(), slug, null, AlertSeverity.Info, null, [.. channels.Select(c => c.ChannelId)], IsArchived: false, Version: 1);
}

public sealed class SqliteAlertTests() : AlertContract(DatabaseEngine.Sqlite);

public sealed class PostgresAlertTests() : AlertContract(DatabaseEngine.Postgres);
