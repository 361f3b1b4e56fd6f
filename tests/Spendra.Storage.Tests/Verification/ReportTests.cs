using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Tests.Verification;

/// <summary>What the reports say of a ledger in which everything has happened once.</summary>
public sealed class ReportTests(SampleLedgerFile sample) : IClassFixture<SampleLedgerFile>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Budgets_come_by_slug_with_their_scope_and_current_window()
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        var budgets = await new LedgerQueries(database).ListBudgetsAsync(SampleLedger.OrganizationId, SampleLedger.NowMicros, Cancel);
        budgets.Select(b => b.Budget.Slug).Should().Equal("month", "total", "watched");
        budgets.Should().OnlyContain(b => b.Scope == "organization" && b.Windows.Count == 1);
        budgets[0].Windows[0].Settled.Should().BeGreaterThan(NanoUsd.Zero);
        var nextYear = SampleLedger.NowMicros + 370L * 86_400_000_000;
        var later = await new LedgerQueries(database).ListBudgetsAsync(SampleLedger.OrganizationId, nextYear, Cancel);
        later.Select(b => b.Windows.Count).Should().Equal(0, 1, 0);
    }

    [Fact]
    public async Task Open_reservations_name_key_and_actor()
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        var open = await new LedgerQueries(database).ListOpenAsync(SampleLedger.OrganizationId, Cancel);
        open.Should().ContainSingle().Which.Should().BeEquivalentTo(new
        {
            Id = SampleLedger.Open, Key = "ada-key", Actor = "employee/ada", Route = "chat.completions",
            ReservedAt = SampleLedger.Start.UtcDateTime,
        });
    }

    [Fact]
    public async Task A_settled_request_is_explained_from_rule_to_posting()
    {
        var request = (await ExplainAsync(SampleLedger.Measured))!;
        request.Outcome.Should().Be("settled");
        request.Key.Should().Be("ada-key");
        request.Actor.Should().Be("employee/ada");
        request.Scopes.Should().Equal("organization", "employee/ada");
        request.Policies.Select(p => p.Slug).Should().Equal("cap", "cap-total", "soft");
        request.Policies[0].Should().BeEquivalentTo(new { Slug = "cap", Kind = "hard_cap", SetBy = "test", IsArchived = false });
        request.Windows.Select(w => w.Budget).Should().Equal("month", "total", "watched");
        request.Windows.Single(w => w.Budget == "total").WindowEnd.Should().BeNull();
        request.Price!.OutputUsdPerMillion.Should().Be("10");
        request.Price.TierPercent.Should().Be(50);
        request.Bound.Should().BeEquivalentTo(new { InputUnits = 1_000, OutputUnits = 1_000, Basis = "bytes" });
        request.Tightness.Should().BeEquivalentTo(new { BoundUsd = request.Bound!.AmountUsd, ActualUsd = request.CostUsd, InputRatio = 0.9m });
        // 900 × 2 USD + 500 × 10 USD a million, at half price.
        request.CostUsd.Should().Be(new NanoUsd(3_400_000));
        request.IsEstimated.Should().BeFalse();
        var entry = request.Events.Should().ContainSingle().Which.Entry;
        entry.Should().BeEquivalentTo(new
        {
            Sequence = 1L,
            Postings = new[]
            {
                new ExplainedPosting("expense", "openai", new NanoUsd(3_400_000)),
                new ExplainedPosting("payable", "openai", new NanoUsd(-3_400_000)),
            },
        });
    }

    [Fact]
    public async Task Each_way_to_end_has_its_outcome()
    {
        var outcomes = new Dictionary<Guid, string>
        {
            [SampleLedger.Open] = "open",
            [SampleLedger.Overrun] = "settled",
            [SampleLedger.Expired] = "expired",
            [SampleLedger.LateUp] = "late",
            [SampleLedger.LateDown] = "late",
            [SampleLedger.Adjusted] = "settled",
            [SampleLedger.Released] = "released",
        };
        foreach (var (id, outcome) in outcomes) (await ExplainAsync(id))!.Outcome.Should().Be(outcome);
        (await ExplainAsync(Guid.Empty)).Should().BeNull();
    }

    [Fact]
    public async Task Corrections_excesses_and_estimates_are_told()
    {
        var late = (await ExplainAsync(SampleLedger.LateUp))!;
        late.Events.Select(e => e.Kind).Should().Equal("expired", "late");
        late.Events[1].Entry.Corrects.Should().Be(late.Events[0].Entry.Sequence);
        late.CostUsd.Should().Be(new NanoUsd(700 * 2_000 + 700 * 10_000), "corrections are added up");
        late.IsEstimated.Should().BeFalse();
        late.Excesses.Should().HaveCount(3).And.OnlyContain(e => e.Kind == "late" && e.EventNumber == 1);

        (await ExplainAsync(SampleLedger.Estimated))!.IsEstimated.Should().BeTrue();
        (await ExplainAsync(SampleLedger.Expired))!.IsEstimated.Should().BeTrue();
        (await ExplainAsync(SampleLedger.Estimated))!.Tightness.Should().BeNull("what was used is not known");
        (await ExplainAsync(SampleLedger.Overrun))!.Tightness!.Ratio.Should().BeGreaterThan(1);
        late.Tightness!.InputRatio.Should().Be(7, "events carry differences, and their sum is what was used");
        (await ExplainAsync(SampleLedger.Overrun))!.Excesses.Should().OnlyContain(e => e.Kind == "overrun");
        (await ExplainAsync(SampleLedger.Released))!.Reason.Should().Be("the provider refused");
        var adjusted = (await ExplainAsync(SampleLedger.Adjusted))!;
        adjusted.Events.Select(e => e.Reason).Should().Equal(null, "the invoice says more", "a credit note");
        adjusted.Events.Select(e => e.Kind).Should().Equal("settled", "adjusted", "adjusted");
    }

    [Fact]
    public async Task A_ledger_that_lacks_an_entry_says_so_instead_of_a_wrong_story()
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        await using (var connection = await database.ConnectAsync(Cancel))
            await Dapper.SqlMapper.ExecuteAsync(connection, "DELETE FROM journal_entries WHERE entry_sequence = 1");
        var explain = () => new RequestQueries(database).ExplainAsync(SampleLedger.OrganizationId, SampleLedger.Measured, Cancel);
        (await explain.Should().ThrowAsync<LedgerInvariantException>()).Which.Message.Should().Contain("spendra verify");
    }

    private async Task<ExplainedRequest?> ExplainAsync(Guid id)
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        return await new RequestQueries(database).ExplainAsync(SampleLedger.OrganizationId, id, Cancel);
    }
}
