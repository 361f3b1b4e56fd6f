using System.Globalization;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.Api;

/// <summary>The books and their corrections through the management API, on either engine.</summary>
public abstract class LedgerContract(DatabaseEngine engine)
{
    [Fact]
    public async Task Spend_events_are_listed_newest_first_filtered_and_paged()
    {
        await using var api = await StartAsync();
        await using var books = await Books.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        List<string> ids = [];
        foreach (var key in new[] { "ada", "crawler-key", "ada", "fetcher-key" }) ids.Insert(0, (await books.SpendAsync(key)).ToString());

        var all = await finance.GetAsync("/ledger/events");
        all.Items("requestId").Should().Equal(ids, all.Body);
        all.Json.GetProperty("next").GetString().Should().BeNull();
        var first = all.Json.GetProperty("items")[0];
        first.GetProperty("costUsd").GetString().Should().Be("0.00225");
        first.GetProperty("actor").GetString().Should().Be("subagent/fetcher");
        first.GetProperty("account").GetString().Should().Be("main");
        first.GetProperty("scopes").EnumerateArray().Select(s => s.GetString()).Should().Contain(["organization", "team/search", "agent/crawler", "subagent/fetcher"]);

        (await PagesAsync(finance, "/ledger/events?limit=1", "requestId")).Should().Equal(ids);
        (await finance.GetAsync("/ledger/events?key=ada")).Items("requestId").Should().Equal(ids[1], ids[3]);
        (await finance.GetAsync("/ledger/events?scope=agent/crawler")).Items("requestId").Should().Equal(ids[0], ids[2]);
        (await finance.GetAsync("/ledger/events?scope=project/ranking&provider=openai&model=house-model&kind=settled&estimated=false")).Items("requestId").Should().Equal(ids[1], ids[3]);
        (await finance.GetAsync("/ledger/events?scope=team/nowhere")).Items("requestId").Should().BeEmpty();
        (await finance.GetAsync("/ledger/events?kind=late")).Items("requestId").Should().BeEmpty();
        (await finance.GetAsync("/ledger/events?estimated=true")).Items("requestId").Should().BeEmpty();
        (await finance.GetAsync("/ledger/events?to=2026-01-01T00:00:00Z")).Items("requestId").Should().BeEmpty();
        (await finance.GetAsync("/ledger/events?from=2026-01-01T00:00:00Z&to=2199-01-01T00:00:00Z")).Items("requestId").Should().Equal(ids);
    }

    [Fact]
    public async Task Entries_open_reservations_and_refusals_are_listed_and_explained()
    {
        await using var api = await StartAsync();
        await using var books = await Books.OpenAsync(api);
        var auditor = await api.ClientAsync(MemberRole.Auditor);
        var spent = await books.SpendAsync("ada");
        await books.SpendAsync("crawler-key");
        var open = await books.ReserveAsync("crawler-key");
        var refused = await books.RefuseAsync("ada");

        var entries = await auditor.GetAsync("/ledger/entries");
        entries.Json.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("sequence").GetInt64()).Should().Equal(2, 1);
        var postings = entries.Json.GetProperty("items")[1].GetProperty("postings").EnumerateArray().ToList();
        postings.Select(p => (p.GetProperty("ledgerAccount").GetString(), p.GetProperty("amountUsd").GetString())).Should().Equal(("expense", "0.00225"), ("payable", "-0.00225"));
        (await auditor.GetAsync("/ledger/entries?sort=sequence&limit=1")).Json.GetProperty("items")[0].GetProperty("requestId").GetString().Should().Be(spent.ToString());
        (await auditor.GetAsync("/ledger/entries?kind=adjustment")).Json.GetProperty("items").GetArrayLength().Should().Be(0);
        (await auditor.GetAsync("/ledger/entries?account=main&kind=settlement")).Json.GetProperty("items").GetArrayLength().Should().Be(2);
        (await auditor.GetAsync("/ledger/entries?account=second")).Json.GetProperty("items").GetArrayLength().Should().Be(0);
        (await PagesAsync(auditor, "/ledger/entries?sort=sequence&limit=1", "kind")).Should().HaveCount(2);

        (await auditor.GetAsync("/ledger/reservations")).Items("requestId").Should().Equal(open.ToString());
        (await auditor.GetAsync("/ledger/reservations?scope=employee/e1001")).Items("requestId").Should().BeEmpty();
        (await auditor.GetAsync("/ledger/refusals?code=model_not_allowed&key=ada")).Items("requestId").Should().Equal(refused.ToString());
        (await auditor.GetAsync("/ledger/refusals?code=budget_exceeded")).Items("requestId").Should().BeEmpty();
        var at = (await auditor.GetAsync("/ledger/refusals")).Json.GetProperty("items")[0].GetProperty("refusedAt").GetDateTime();
        string Time(double minutes) => at.AddMinutes(minutes).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        foreach (var (query, isListed) in new[]
        {
            ("scope=organization", true), ("scope=employee/e1001", true), ("scope=team/search", true), ("scope=team/ads", false), ("scope=team/nowhere", false),
            ($"from={Time(-1)}&to={Time(1)}", true), ($"from={Time(1)}", false), ($"to={Time(-1)}", false), ($"from={Time(1)}&scope=team/search", false),
        })
            (await auditor.GetAsync($"/ledger/refusals?{query}")).Items("requestId").Should().Equal(isListed ? [refused.ToString()] : [], query);
        foreach (var (id, outcome) in new[] { (spent, "settled"), (open, "open"), (refused, "refused") })
            (await auditor.GetAsync($"/ledger/requests/{id}")).Json.GetProperty("outcome").GetString().Should().Be(outcome);
        (await auditor.GetAsync($"/ledger/requests/{Guid.CreateVersion7()}")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_member_of_some_scopes_sees_what_belongs_to_these_and_walks_past_the_rest()
    {
        await using var api = await StartAsync();
        await using var books = await Books.OpenAsync(api);
        var employee = await api.ClientAsync(MemberRole.Employee, "employee/e1001");
        var outside = await api.ClientAsync(MemberRole.Manager, "team/ads");
        var mine = await books.SpendAsync("ada");
        var theirs = await books.SpendAsync("crawler-key");
        var open = await books.ReserveAsync("crawler-key");
        var refused = await books.RefuseAsync("ada");

        (await PagesAsync(employee, "/ledger/events?limit=1", "requestId")).Should().Equal(mine.ToString());
        (await PagesAsync(employee, "/ledger/entries?limit=1", "requestId")).Should().Equal(mine.ToString());
        (await employee.GetAsync("/ledger/reservations")).Items("requestId").Should().BeEmpty();
        (await employee.GetAsync("/ledger/refusals")).Items("requestId").Should().Equal(refused.ToString());
        (await employee.GetAsync($"/ledger/requests/{mine}")).Status.Should().Be(200);
        (await employee.GetAsync($"/ledger/requests/{refused}")).Status.Should().Be(200);
        var unseen = await employee.GetAsync($"/ledger/requests/{theirs}");
        var unknown = await employee.GetAsync($"/ledger/requests/{Guid.CreateVersion7()}");
        unseen.Status.Should().Be(404);
        unseen.Body.Replace(unseen.RequestId, "").Should().Be(unknown.Body.Replace(unknown.RequestId, ""));
        foreach (var list in new[] { "events", "entries", "reservations", "refusals" })
            (await PagesAsync(outside, $"/ledger/{list}?limit=1", "requestId")).Should().BeEmpty();
        (await outside.GetAsync($"/ledger/requests/{open}")).Status.Should().Be(404);
        (await outside.GetAsync($"/ledger/requests/{refused}")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_query_that_is_wrong_is_refused_with_its_parameter()
    {
        await using var api = await StartAsync();
        var client = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (path, field) in new[]
        {
            ("/ledger/events?from=yesterday", "from"),
            ("/ledger/events?to=1", "to"),
            ("/ledger/events?kind=refund", "kind"),
            ("/ledger/events?cursor=WyItdGltZSIsIngiXQ", "cursor"),
            ("/ledger/entries?sort=amount", "sort"),
            ("/ledger/entries?cursor=WyItc2VxdWVuY2UiLCJ4Il0", "cursor"),
            ("/ledger/reservations?cursor=WyItdGltZSIsIngiXQ", "cursor"),
            ("/ledger/adjustments?state=booked", "state"),
        })
        {
            var refused = await client.GetAsync(path);
            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().BeEquivalentTo(field, refused.Body);
        }
    }

    [Fact]
    public async Task A_request_is_corrected_by_two_people_and_the_ledger_agrees_with_itself()
    {
        await using var api = await StartAsync();
        await using var books = await Books.OpenAsync(api);
        var proposer = await api.ClientAsync(MemberRole.FinanceManager);
        var approver = await api.ClientAsync(MemberRole.FinanceManager);
        var id = await books.SpendAsync("ada");

        var proposed = await proposer.PostAsync("/ledger/adjustments", new { requestId = id, differenceUsd = "0.5", reason = "Invoice 7" });
        proposed.Status.Should().Be(201, proposed.Body);
        var path = $"/ledger/adjustments/{proposed.Json.GetProperty("id").GetString()}";
        (await approver.GetAsync(path)).Body.Should().Be(proposed.Body);
        (await books.VerifyAsync()).Should().BeEmpty("what is proposed changes nothing");

        var own = await proposer.PostAsync($"{path}/approve", null, proposed.ETag);
        own.ProblemType.Should().Be("forbidden");
        own.Json.GetProperty("detail").GetString().Should().Be("Nobody decides their own adjustment.");
        (await approver.PostAsync($"{path}/approve", null, "\"9\"")).ProblemType.Should().Be("stale-version");
        (await approver.PostAsync($"{path}/approve")).ProblemType.Should().Be("version-required");
        var approved = await approver.PostAsync($"{path}/approve", null, proposed.ETag);
        approved.Status.Should().Be(200, approved.Body);
        approved.Json.GetProperty("entry").GetInt64().Should().Be(2);
        (await approver.PostAsync($"{path}/approve", null, "*")).ProblemType.Should().Be("wrong-state");
        (await approver.GetAsync(path)).Body.Should().Be(approved.Body);

        var explained = (await approver.GetAsync($"/ledger/requests/{id}")).Json;
        explained.GetProperty("costUsd").GetString().Should().Be("0.50225");
        explained.GetProperty("events")[1].GetProperty("reason").GetString().Should().Be("Invoice 7");
        explained.GetProperty("windows")[0].GetProperty("settledUsd").GetString().Should().Be("0.50225");
        (await approver.GetAsync("/ledger/events?kind=adjusted")).Json.GetProperty("items")[0].GetProperty("costUsd").GetString().Should().Be("0.5");

        // Down again, and the traffic goes on after it.
        await DecideAsync(proposer, approver, new { requestId = id, differenceUsd = "-0.50225", reason = "Credit note" }, "approve");
        await books.SpendAsync("ada");
        (await books.VerifyAsync()).Should().BeEmpty();
        (await approver.GetAsync($"/ledger/requests/{id}")).Json.GetProperty("costUsd").GetString().Should().Be("0");
        var records = (await approver.GetAsync("/audit/records?subjectKind=adjustment&sort=sequence")).Items("action");
        records.Should().Equal("propose", "approve", "propose", "approve");
    }

    [Fact]
    public async Task An_account_is_corrected_beside_all_requests()
    {
        await using var api = await StartAsync();
        await using var books = await Books.OpenAsync(api);
        var proposer = await api.ClientAsync(MemberRole.FinanceManager);
        var approver = await api.ClientAsync(MemberRole.OrgAdmin);
        await books.SpendAsync("ada");

        var credit = await DecideAsync(proposer, approver, new { account = "second", differenceUsd = "-12.5", reason = "Credit note" }, "approve");
        var refused = await DecideAsync(proposer, approver, new { account = "second", differenceUsd = "1", reason = "A mistake" }, "reject");
        await books.SpendAsync("ada");

        credit.Json.GetProperty("entry").GetInt64().Should().Be(2);
        refused.Json.GetProperty("state").GetString().Should().Be("rejected");
        (await books.VerifyAsync()).Should().BeEmpty();
        var entry = (await approver.GetAsync("/ledger/entries?kind=adjustment")).Json.GetProperty("items")[0];
        entry.GetProperty("requestId").GetString().Should().Be(credit.Json.GetProperty("id").GetString());
        entry.GetProperty("postings")[0].GetProperty("amountUsd").GetString().Should().Be("-12.5");
        (await approver.GetAsync("/ledger/adjustments?state=rejected")).Items("reason").Should().Equal("A mistake");
        (await PagesAsync(approver, "/ledger/adjustments?limit=1", "reason")).Should().Equal("A mistake", "Credit note");
        (await (await api.ClientAsync(MemberRole.Employee, "employee/e1001")).GetAsync("/ledger/entries?kind=adjustment")).Items("requestId").Should().BeEmpty();
    }

    [Fact]
    public async Task What_was_corrected_by_something_else_since_is_proposed_again()
    {
        await using var api = await StartAsync();
        await using var books = await Books.OpenAsync(api);
        var proposer = await api.ClientAsync(MemberRole.FinanceManager);
        var approver = await api.ClientAsync(MemberRole.FinanceManager);
        var id = await books.SpendAsync("ada");
        var first = await proposer.PostAsync("/ledger/adjustments", new { requestId = id, differenceUsd = "1", reason = "one" });
        var second = await proposer.PostAsync("/ledger/adjustments", new { requestId = id, differenceUsd = "1", reason = "the same, by mistake" });

        (await approver.PostAsync($"/ledger/adjustments/{first.Json.GetProperty("id").GetString()}/approve", null, "*")).Status.Should().Be(200);
        var late = await approver.PostAsync($"/ledger/adjustments/{second.Json.GetProperty("id").GetString()}/approve", null, "*");

        late.ProblemType.Should().Be("wrong-state");
        (await books.VerifyAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_correction_that_is_wrong_is_refused_with_its_field()
    {
        await using var api = await StartAsync();
        var client = await api.ClientAsync(MemberRole.FinanceManager);
        foreach (var (body, field) in new[]
        {
            ("""{"account":"main","differenceUsd":"0","reason":"x"}""", "differenceUsd"),
            ("""{"account":"main","differenceUsd":"ten","reason":"x"}""", "differenceUsd"),
            ("""{"account":"nowhere","differenceUsd":"1","reason":"x"}""", "account"),
            ("""{"differenceUsd":"1","reason":"x"}""", "account"),
            ("""{"requestId":"0199c3e4-8f1a-7b52-a3c1-5d0f6a2e9b10","differenceUsd":"1","reason":"x"}""", "requestId"),
            ("""{"account":"main","requestId":"0199c3e4-8f1a-7b52-a3c1-5d0f6a2e9b10","differenceUsd":"1","reason":"x"}""", "requestId"),
        })
        {
            var refused = await client.PostAsync("/ledger/adjustments", body);
            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await api.Store.ScalarAsync<long>("SELECT count(*) FROM adjustments")).Should().Be(0);
        }
    }

    [Fact]
    public async Task More_than_was_spent_is_not_taken_back_and_what_is_open_is_not_corrected()
    {
        await using var api = await StartAsync();
        await using var books = await Books.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var spent = await books.SpendAsync("ada");
        var open = await books.ReserveAsync("ada");

        (await finance.PostAsync("/ledger/adjustments", new { requestId = spent, differenceUsd = "-0.01", reason = "x" })).Field.Should().Be("differenceUsd");
        (await finance.PostAsync("/ledger/adjustments", new { requestId = open, differenceUsd = "1", reason = "x" })).ProblemType.Should().Be("wrong-state");
        await books.ReleaseAsync(open);
        (await finance.PostAsync("/ledger/adjustments", new { requestId = open, differenceUsd = "1", reason = "x" })).ProblemType.Should().Be("wrong-state");
    }

    [Theory]
    [InlineData(MemberRole.Auditor)]
    [InlineData(MemberRole.PlatformAdmin)]
    [InlineData(MemberRole.Manager)]
    public async Task Who_may_only_read_the_books_corrects_nothing(MemberRole role)
    {
        await using var api = await StartAsync();
        var client = await api.ClientAsync(role, role == MemberRole.Manager ? ["team/search"] : []);
        (await client.PostAsync("/ledger/adjustments", new { account = "main", differenceUsd = "1", reason = "x" })).ProblemType.Should().Be("forbidden");
        (await client.PostAsync($"/ledger/adjustments/{Guid.CreateVersion7()}/approve", null, "*")).ProblemType.Should().Be("forbidden");
    }

    [Fact]
    public async Task A_proposal_that_is_repeated_with_its_key_is_one_and_that_of_another_organization_is_not_there()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var body = new { account = "main", differenceUsd = "1", reason = "x" };
        var first = await finance.PostAsync("/ledger/adjustments", body, idempotencyKey: "k");
        var again = await finance.PostAsync("/ledger/adjustments", body, idempotencyKey: "k");
        again.Body.Should().Be(first.Body);
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM adjustments")).Should().Be(1);

        await api.ApplyAsync("organization:\n  slug: other\n  name: Other");
        var member = await api.AddMemberAsync("o@other.example", MemberRole.OrgAdmin, organization: "other");
        var other = api.Client(await api.AddTokenAsync(member, organization: "other"));
        var id = first.Json.GetProperty("id").GetString();
        (await other.GetAsync($"/api/v1/organizations/other/ledger/adjustments/{id}")).Status.Should().Be(404);
        (await other.PostAsync($"/api/v1/organizations/other/ledger/adjustments/{id}/approve", null, "*")).Status.Should().Be(404);
        (await other.GetAsync($"/ledger/adjustments/{id}")).Status.Should().Be(404);
    }

    private static async Task<ControlAnswer> DecideAsync(ControlClient proposer, ControlClient approver, object body, string decision)
    {
        var proposed = await proposer.PostAsync("/ledger/adjustments", body);
        proposed.Status.Should().Be(201, proposed.Body);
        var decided = await approver.PostAsync($"/ledger/adjustments/{proposed.Json.GetProperty("id").GetString()}/{decision}", null, proposed.ETag);
        decided.Status.Should().Be(200, decided.Body);
        return decided;
    }

    private static async Task<List<string>> PagesAsync(ControlClient client, string path, string field)
    {
        var found = new List<string>();
        for (var next = path; next is not null;)
        {
            var page = await client.GetAsync(next);
            page.Status.Should().Be(200, page.Body);
            found.AddRange(page.Items(field));
            next = page.Json.GetProperty("next").GetString() is { } cursor ? $"{path}&cursor={cursor}" : null;
        }
        return found;
    }

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }
}

public sealed class SqliteLedgerTests() : LedgerContract(DatabaseEngine.Sqlite);

public sealed class PostgresLedgerTests() : LedgerContract(DatabaseEngine.Postgres);
