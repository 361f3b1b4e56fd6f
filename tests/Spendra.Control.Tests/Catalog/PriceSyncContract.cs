using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Catalog;
using Spendra.Control.Declarations;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Audit;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests.Catalog;

/// <summary>Runs, proposals and their decisions, on a real database of either engine.</summary>
public abstract class PriceSyncContract(DatabaseEngine engine)
{
    private static readonly ChangeAuthor Author = new("tester", "test", "because");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_differs_is_proposed_and_nothing_is_applied()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);

        var result = await SyncAsync(store, acme, List("0.000002"));

        result.Run.Outcome.Should().Be(SyncOutcome.Proposed);
        var proposal = (await PriceProposals.ListAsync(store.Database, acme.OrganizationId, Cancel)).Should().ContainSingle().Subject;
        proposal.Should().BeEquivalentTo(new { ProposalId = result.Run.ProposalId!.Value, Source = "openrouter", Decision = (ProposalDecision?)null });
        ProposalDesk.DifferencesOf(proposal).Should().BeEquivalentTo(result.Comparison!.Differences);
        var runs = await PriceProposals.ListRunsAsync(store.Database, acme.OrganizationId, 10, Cancel);
        runs.Should().ContainSingle().Which.Should().Be(result.Run);
        (await store.LoadAsync(acme.OrganizationId)).Epoch.Should().Be(1);
        (await BookAsync(store, acme)).Find("openrouter", "x/new", Now).Should().BeNull();
    }

    [Fact]
    public async Task Approval_takes_the_prices_with_audit_records_and_a_new_epoch()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        var id = (await SyncAsync(store, acme, List("0.000002"))).Run.ProposalId!.Value;
        _time.Advance(TimeSpan.FromMinutes(5));

        var outcome = await ProposalDesk.ApproveAsync(store.Database, acme, id, Author, _time, Cancel);

        (outcome.Refusal, outcome.Epoch).Should().Be((null, 2));
        var price = (await BookAsync(store, acme)).Find("openrouter", "x/new", Now)!;
        (price.Rates.Input.ToString(), price.EffectiveFrom, price.Source).Should().Be(("2", Now, "openrouter, 2026-11-25"));
        (await PriceProposals.FindAsync(store.Database, acme.OrganizationId, id, Cancel)).Should()
            .BeEquivalentTo(new { Decision = (ProposalDecision?)ProposalDecision.Approved, DecidedAt = (long?)Now, DecidedBy = "tester" });
        var records = await AuditLog.ReadAsync(store.Database, acme.OrganizationId, Cancel).ToListAsync(Cancel);
        records[^2].Should().BeEquivalentTo(new { Action = "create", SubjectKind = "price", Actor = "tester", Reason = "because" });
        records[^2].AfterState.Should().Contain("\"inputUsdPerMillion\":\"2\"");
        records[^1].Should().BeEquivalentTo(new { Action = "approve", SubjectKind = "priceProposal", Subject = id.ToString(), AfterState = """{"source":"openrouter","prices":"1"}""" });
        (await AuditLog.VerifyAsync(store.Database, acme.OrganizationId, Cancel)).IsWhole.Should().BeTrue();
        (await SyncAsync(store, acme, List("0.000002"))).Run.Outcome.Should().Be(SyncOutcome.Unchanged);
    }

    [Fact]
    public async Task Rejection_is_recorded_and_leaves_the_book_as_it_was()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        var id = (await SyncAsync(store, acme, List("0.000002"))).Run.ProposalId!.Value;

        (await ProposalDesk.RejectAsync(store.Database, acme, id, Author, _time, Cancel)).Refusal.Should().BeNull();

        (await PriceProposals.FindAsync(store.Database, acme.OrganizationId, id, Cancel))!.Decision.Should().Be(ProposalDecision.Rejected);
        (await BookAsync(store, acme)).Find("openrouter", "x/new", Now).Should().BeNull();
        (await AuditLog.ReadAsync(store.Database, acme.OrganizationId, Cancel).LastAsync(Cancel)).Action.Should().Be("reject");
    }

    [Fact]
    public async Task A_proposal_is_decided_once()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        var id = (await SyncAsync(store, acme, List("0.000002"))).Run.ProposalId!.Value;
        await ProposalDesk.RejectAsync(store.Database, acme, id, Author, _time, Cancel);

        (await ProposalDesk.ApproveAsync(store.Database, acme, id, Author, _time, Cancel)).Refusal.Should().Be("the proposal is rejected already, since 2026-11-25T12:00:00Z");
        (await ProposalDesk.ApproveAsync(store.Database, acme, Guid.NewGuid(), Author, _time, Cancel)).Refusal.Should().StartWith("there is no such proposal");
        (await store.LoadAsync(acme.OrganizationId)).Epoch.Should().Be(2);
    }

    [Fact]
    public async Task Two_who_approve_at_once_take_it_once()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        var id = (await SyncAsync(store, acme, List("0.000002"))).Run.ProposalId!.Value;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ProposalDesk.ApproveAsync(store.Database, acme, id, Author, _time, Cancel)));

        outcomes.Count(o => o.Refusal is null).Should().Be(1);
        (await BookAsync(store, acme)).All.Count(p => p.Model == "x/new").Should().Be(1);
    }

    [Fact]
    public async Task The_same_offer_again_waits_as_the_same_proposal_and_another_one_supersedes_it()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        var first = (await SyncAsync(store, acme, List("0.000002"))).Run.ProposalId!.Value;
        // The list names another day tomorrow, and that is all that differs.
        _time.Advance(TimeSpan.FromDays(1));
        (await SyncAsync(store, acme, List("0.000002"))).Run.ProposalId.Should().Be(first);
        (await PriceProposals.ListAsync(store.Database, acme.OrganizationId, Cancel)).Should().ContainSingle();

        var second = (await SyncAsync(store, acme, List("0.000003"))).Run.ProposalId!.Value;

        var proposals = await PriceProposals.ListAsync(store.Database, acme.OrganizationId, Cancel);
        proposals.Select(p => (p.ProposalId, p.Decision)).Should().BeEquivalentTo(
            new (Guid, ProposalDecision?)[] { (second, null), (first, ProposalDecision.Superseded) });
        (await ProposalDesk.ApproveAsync(store.Database, acme, first, Author, _time, Cancel)).Refusal.Should().StartWith("the proposal is superseded already");
        (await PriceProposals.ListRunsAsync(store.Database, acme.OrganizationId, 10, Cancel)).Should().HaveCount(3);
    }

    [Fact]
    public async Task Workers_that_find_the_same_at_once_make_one_proposal()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        // Each has looked before the other has written.
        var found = (await SyncAsync(store, acme, List("0.000002"))).Run;
        var first = (await PriceProposals.ListAsync(store.Database, acme.OrganizationId, Cancel)).Single();
        var late = first with { ProposalId = Guid.CreateVersion7() };
        var run = await PriceProposals.RecordAsync(store.Database, acme.OrganizationId, found with { RunId = Guid.CreateVersion7(), ProposalId = late.ProposalId }, late, Cancel);

        run.ProposalId.Should().Be(first.ProposalId);
        (await PriceProposals.ListAsync(store.Database, acme.OrganizationId, Cancel)).Should().Equal(first);
        (await PriceProposals.ListRunsAsync(store.Database, acme.OrganizationId, 10, Cancel)).Should().HaveCount(2).And.OnlyContain(r => r.ProposalId == first.ProposalId);
    }

    [Fact]
    public async Task Sources_do_not_supersede_each_other()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        await SyncAsync(store, acme, List("0.000002"));
        await SyncAsync(store, acme, List("0.000003"), "https://prices.example/list");
        (await PriceProposals.ListAsync(store.Database, acme.OrganizationId, Cancel)).Should().HaveCount(2).And.OnlyContain(p => p.Decision == null);
    }

    [Fact]
    public async Task A_failed_run_is_recorded_and_supersedes_nothing()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        await SyncAsync(store, acme, List("0.000002"));
        _time.Advance(TimeSpan.FromHours(1));

        var failed = await SyncAsync(store, acme, "provider,model\n");

        failed.Run.Should().BeEquivalentTo(new { Outcome = SyncOutcome.Failed, PricesRead = 0L, ProposalId = (Guid?)null });
        failed.Run.Failure.Should().StartWith("line 1: expected the columns");
        (await PriceProposals.ListRunsAsync(store.Database, acme.OrganizationId, 1, Cancel)).Single().Should().Be(failed.Run);
        (await PriceProposals.ListAsync(store.Database, acme.OrganizationId, Cancel)).Single().Decision.Should().BeNull();
    }

    [Fact]
    public async Task What_the_book_has_by_the_time_of_approval_is_not_written_again()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        var first = (await SyncAsync(store, acme, List("0.000002"))).Run.ProposalId!.Value;
        var second = (await SyncAsync(store, acme, List("0.000002"), "https://prices.example/list")).Run.ProposalId!.Value;
        await ProposalDesk.ApproveAsync(store.Database, acme, first, Author, _time, Cancel);

        var again = await ProposalDesk.ApproveAsync(store.Database, acme, second, Author, _time, Cancel);

        (again.Refusal, again.Comparison!.Changes.Length).Should().Be((null, 0));
        (await BookAsync(store, acme)).All.Count(p => p.Model == "x/new").Should().Be(1);
    }

    [Theory]
    [InlineData("provider,model\n", "line 1: expected the columns")]
    [InlineData(null, "line 2: source is 'declared'")]
    public async Task What_can_be_read_no_more_is_not_approved_as_nothing(string? prices, string why)
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        var declared = string.Join(',', PriceFile.Columns) + "\nopenrouter,x/new,,,,1,1,1,1,,,,,,,,,,,declared,\n";
        var proposal = new PriceProposal { ProposalId = Guid.CreateVersion7(), CreatedAt = Now, Source = "earlier.csv", Prices = prices ?? declared, Differences = "[]" };
        var run = new PriceSyncRun { RunId = Guid.CreateVersion7(), StartedAt = Now, EndedAt = Now, Source = "earlier.csv", Outcome = SyncOutcome.Proposed, PricesRead = 1, ProposalId = proposal.ProposalId };
        await PriceProposals.RecordAsync(store.Database, acme.OrganizationId, run, proposal, Cancel);

        var outcome = await ProposalDesk.ApproveAsync(store.Database, acme, proposal.ProposalId, Author, _time, Cancel);

        outcome.Refusal.Should().StartWith($"the proposal's prices cannot be used: {why}").And.EndWith("Reject it and propose them again");
        (await PriceProposals.FindAsync(store.Database, acme.OrganizationId, proposal.ProposalId, Cancel))!.Decision.Should().BeNull();
        (await ProposalDesk.RejectAsync(store.Database, acme, proposal.ProposalId, Author, _time, Cancel)).Refusal.Should().BeNull();
    }

    [Fact]
    public async Task A_declared_price_outranks_the_list()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store, "prices: [{provider: openrouter, model: x/new, inputUsdPerMillion: 1, outputUsdPerMillion: 1}]");

        var result = await SyncAsync(store, acme, List("0.000002"));

        result.Run.Outcome.Should().Be(SyncOutcome.Unchanged);
        result.Comparison!.Differences.Should().ContainSingle().Which.Kind.Should().Be(PriceDifferenceKind.Kept);
    }

    [Fact]
    public async Task Proposals_and_runs_of_one_organization_are_not_those_of_another()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await StartAsync(store);
        var other = await StartAsync(store, slug: "other");
        var id = (await SyncAsync(store, acme, List("0.000002"))).Run.ProposalId!.Value;

        (await PriceProposals.ListAsync(store.Database, other.OrganizationId, Cancel)).Should().BeEmpty();
        (await PriceProposals.ListRunsAsync(store.Database, other.OrganizationId, 10, Cancel)).Should().BeEmpty();
        (await ProposalDesk.ApproveAsync(store.Database, other, id, Author, _time, Cancel)).Refusal.Should().StartWith("there is no such proposal");
    }

    private long Now => Micros.Now(_time);

    private static string List(string prompt) => $$$"""{"data":[{"id":"x/new","pricing":{"prompt":"{{{prompt}}}","completion":"0.00001"}}]}""";

    private Task<SyncResult> SyncAsync(GovernanceStore store, OrganizationName organization, string text, string source = "openrouter") =>
        PriceSync.RunAsync(store.Database, organization, PriceSync.Parse(source, text, _time), Now, _time, Cancel);

    private static async Task<PriceBook> BookAsync(GovernanceStore store, OrganizationName organization) =>
        new GovernanceSnapshot(await store.LoadAsync(organization.OrganizationId)).Prices;

    private async Task<OrganizationName> StartAsync(GovernanceStore store, string more = "", string slug = "acme")
    {
        var outcome = await Spendra.Control.Declarations.Declarations.ApplyAsync(store.Database, store.MasterKey,
            $"organization: {{ slug: {slug} }}\n{more}\n", "acme.yaml", new DeclarationOptions(), Author, _time, Cancel);
        return new OrganizationName(outcome.Should().BeOfType<ApplyOutcome.Applied>().Subject.OrganizationId, slug, slug);
    }
}

public sealed class PriceSyncOnSqliteTests() : PriceSyncContract(DatabaseEngine.Sqlite);

public sealed class PriceSyncOnPostgresTests() : PriceSyncContract(DatabaseEngine.Postgres);
