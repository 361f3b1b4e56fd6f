using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Money;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Tests.Verification;

/// <summary>How the two threads of a verification meet, wait for each other and end together.</summary>
public sealed class TwoThreadTests
{
    private const int Many = 150_000;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly VerificationReport _report = new();
    private readonly BookingMatch _match;
    private readonly BookingExchange _exchange;
    private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TwoThreadTests()
    {
        _match = new BookingMatch(_report);
        _exchange = new BookingExchange(_match) { Waiting = () => _waits.TrySetResult() };
    }

    [Fact]
    public async Task Events_that_are_far_ahead_wait_until_entries_come()
    {
        var ahead = Task.Run(() => TakeEvents(1, Many), CancellationToken.None);
        await WaitsAsync(ahead);
        ahead.IsCompleted.Should().BeFalse("nobody keeps that many in memory");
        TakeEntries(1, Many);
        await ahead.WaitAsync(Soon, TestContext.Current.CancellationToken);
        _match.Complete();
        _report.Violations.Should().BeEmpty();
        _report.Checked[Invariant.EventEntry].Should().Be(Many);
    }

    [Fact]
    public async Task Entries_that_are_far_ahead_wait_until_the_last_event_is_read()
    {
        var ahead = Task.Run(() => TakeEntries(1, Many), CancellationToken.None);
        await WaitsAsync(ahead);
        ahead.IsCompleted.Should().BeFalse();
        _exchange.EndEvents();
        await ahead.WaitAsync(Soon, TestContext.Current.CancellationToken);
        _match.Complete();
        _report.ViolationCount.Should().Be(2 * Many, "each lacks its event, and so does each announcement");
    }

    [Fact]
    public void Order_does_not_matter()
    {
        TakeEvents(51, 100);
        TakeEntries(1, 60);
        TakeEvents(1, 50);
        TakeEntries(61, 100);
        _match.Complete();
        _report.Violations.Should().BeEmpty();
    }

    [Fact]
    public async Task Failure_of_one_thread_stops_the_other_and_is_what_is_told()
    {
        using var stop = new CancellationTokenSource();
        var run = () => LedgerVerifier.RunTogetherAsync(stop,
            () =>
            {
                stop.Token.WaitHandle.WaitOne(Soon).Should().BeTrue();
                stop.Token.ThrowIfCancellationRequested();
            },
            () => throw new InvalidDataException("a torn page"));
        (await run.Should().ThrowAsync<InvalidDataException>()).WithMessage("a torn page");
    }

    /// <summary>Until it waits for the other; when it ends instead, nothing made it wait.</summary>
    private async Task WaitsAsync(Task ahead)
    {
        var first = await Task.WhenAny(_waits.Task, ahead).WaitAsync(Soon, TestContext.Current.CancellationToken);
        first.Should().BeSameAs(_waits.Task, "nobody keeps that many in memory");
    }

    private static Guid IdOf(int number) => new(number, 0, 0, new byte[8]);

    private void TakeEvents(int from, int to)
    {
        var spend = new SpendVerification(TestOrganization, new VerificationReport());
        for (var i = from; i <= to; i++)
        {
            spend.Events.Add(new EventFacts(IdOf(i), 0, SpendKind.Settled, Guid.Empty, NanoUsd.Zero, i, EntrySequence: i, FirstEntry: i));
            spend.Announced.Add(new AnnouncedFacts(OutboxTopic.Spend, IdOf(i), 0, i, default));
        }
        _exchange.TakeEvents(spend);
        spend.Events.Should().BeEmpty();
    }

    private void TakeEntries(int from, int to)
    {
        var journal = new JournalVerification(TestOrganization.Row, new VerificationReport());
        for (var i = from; i <= to; i++)
        {
            journal.Entries.Add(new EntryFacts(i, EntryKind.Settlement, IdOf(i), 0, null, i, NanoUsd.Zero, Guid.Empty));
            journal.Announcements.Add(new OutboxFacts(new Announcement(i, OutboxTopic.Spend, IdOf(i), 0, i), default, default));
        }
        _exchange.TakeEntries(journal);
        journal.Entries.Should().BeEmpty();
    }

    private static VerifiedOrganization TestOrganization { get; } = new()
    {
        Row = new OrganizationRow(Guid.Empty, 1, 0, 0) { SealedAfter = long.MaxValue },
        Budgets = new Dictionary<Guid, Core.Budgets.Budget>(),
        HardCapped = new HashSet<Guid>(),
        Prices = new Dictionary<Guid, Core.Pricing.PriceVersion>(),
        Windows = [],
        Excesses = [],
        Keys = new HashSet<Guid>(),
        Accounts = new HashSet<Guid>(),
        Scopes = new HashSet<Guid>(),
        Policies = new Dictionary<Guid, VerifiedPolicy>(),
        NowMicros = 0,
    };
}
