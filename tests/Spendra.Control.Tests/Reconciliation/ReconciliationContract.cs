using System.Globalization;
using System.Text.Json;
using Spendra.Control.Reconciliation;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Tests.Reconciliation;

/// <summary>Bills, comparisons and their corrections through the management API, on either engine.</summary>
public abstract class ReconciliationContract(DatabaseEngine engine)
{
    private static readonly object Mapping = new { day = "day", model = "model", @class = "class", quantity = "units", amount = "usd" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Month => PastBooks.Month.ToString();

    [Fact]
    public async Task Twenty_planted_differences_are_found_and_typed_and_once_they_are_booked_the_bill_is_explained_whole()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var approver = await api.ClientAsync(MemberRole.FinanceManager);
        var bill = await PlantedBill.SpendAsync(books);
        await ImportAsync(finance, bill.Csv);

        var run = await RunAsync(finance);

        var found = await DifferencesAsync(finance, run);
        found.GroupBy(d => (Kind: Text(d, "kind"), Day: DateOnly.Parse(Text(d, "day"), CultureInfo.InvariantCulture).Day, Model: Text(d, "model")))
            .Select(g => (g.Key.Kind, g.Key.Day, g.Key.Model, Amount: Sum(g))).Should().BeEquivalentTo(bill.Planted);
        Usd(run.Json, "differenceUsd").Should().Be(Sum(found)).And.Be(Usd(run.Json, "billedUsd") - Usd(run.Json, "ledgerUsd"));
        run.Json.GetProperty("explainedPercent").GetString().Should().NotBe("100.00");

        var path = $"/reconciliation/runs/{Text(run.Json, "id")}";
        var proposals = await finance.PostAsync($"{path}/proposals", new { });
        proposals.Status.Should().Be(201, proposals.Body);
        var proposed = proposals.Json.GetProperty("proposals").EnumerateArray().ToList();
        // What was billed a day later cancels itself.
        proposed.Select(p => Text(p, "kind")).Should().BeEquivalentTo("outside_gateway", "price_drift", "cache_class", "rounding", "estimated_settlement", "unknown");
        (await finance.PostAsync($"{path}/proposals", new { })).Json.GetProperty("proposals").GetArrayLength().Should().Be(0, "they wait for a decision");
        foreach (var id in proposed.Select(p => Text(p, "adjustmentId")))
        {
            (await finance.PostAsync($"/ledger/adjustments/{id}/approve", null, "*")).ProblemType.Should().Be("forbidden");
            var approved = await approver.PostAsync($"/ledger/adjustments/{id}/approve", null, "*");
            approved.Status.Should().Be(200, approved.Body);
            Text(approved.Json, "month").Should().Be(Month);
        }

        Text((await finance.GetAsync(path)).Json, "explainedPercent").Should().Be("100.00");
        var page = await finance.GetAsync($"{path}/page");
        page.Status.Should().Be(200);
        page.Body.Should().Contain("100.00 % explained").And.NotContain("<script").And.Contain("estimated_settlement");

        // Compared again, nothing is new and nothing is booked twice.
        var again = await RunAsync(finance);
        Text(again.Json, "explainedPercent").Should().Be("100.00");
        (await finance.PostAsync($"/reconciliation/runs/{Text(again.Json, "id")}/proposals", new { })).Json.GetProperty("proposals").GetArrayLength().Should().Be(0);
        (await finance.PostAsync($"{path}/proposals", new { })).ProblemType.Should().Be("wrong-state");
        (await books.VerifyAsync()).Should().BeEmpty();
        (await finance.GetAsync("/audit/records?subjectKind=reconciliation")).Items("action").Should().Contain(["compare", "link"]);
    }

    [Fact]
    public async Task A_bill_counts_once_and_a_corrected_one_counts_in_its_place_for_the_days_that_it_covers()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var first = await ImportAsync(finance, Csv("01,m,output,10,1", "02,m,output,10,2"));
        var same = await ImportAsync(finance, Csv("01,m,output,10,1", "02,m,output,10,2"));
        Text(same.Json, "id").Should().Be(Text(first.Json, "id"));
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM bill_imports")).Should().Be(1);
        Usd((await RunAsync(finance)).Json, "billedUsd").ToString().Should().Be("3");

        await ImportAsync(finance, Csv("02,m,output,10,5"));
        Usd((await RunAsync(finance)).Json, "billedUsd").ToString().Should().Be("6");
        (await finance.GetAsync($"/reconciliation/imports/{Text(first.Json, "id")}")).Json.GetProperty("currentDays").GetInt32().Should().Be(1);
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM billed_lines")).Should().Be(3, "what was superseded stays");

        // Superseded, the first content is another bill again.
        var back = await ImportAsync(finance, Csv("01,m,output,10,1", "02,m,output,10,2"));
        Text(back.Json, "id").Should().NotBe(Text(first.Json, "id"));
        Usd((await RunAsync(finance)).Json, "billedUsd").ToString().Should().Be("3");
        // A day of which nothing was billed after all.
        await ImportAsync(finance, "day,model,class,units,usd\n", $"{Month}-02", $"{Month}-02");
        Usd((await RunAsync(finance)).Json, "billedUsd").ToString().Should().Be("1");
        (await finance.GetAsync("/reconciliation/imports?limit=1")).Items("id").Should().HaveCount(1);
        (await finance.GetAsync("/reconciliation/imports")).Items("id").Should().HaveCount(4);
        (await finance.GetAsync("/reconciliation/runs")).Items("id").Should().HaveCount(4);
    }

    [Fact]
    public async Task Lines_of_a_large_bill_are_written_before_anything_is_locked_and_count_with_their_import()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var lines = BilledLineWriter.AtOnce + 7;
        var csv = Csv([.. Enumerable.Range(0, lines).Select(i => $"{1 + i % 28:D2},m{i},output,10,0.5")]);
        var state = await GovernanceStateReader.ReadAsync(api.Store.Database, "acme", Micros.Now(TimeProvider.System), Cancel);
        var content = new BillContent(state.Accounts.Single(a => a.Account.Slug == "main").Account.AccountId, BillFormats.Csv, csv)
        {
            Mapping = new BillMapping { Day = "day", Model = "model", Class = "class", Quantity = "units", Amount = "usd" },
        };
        var bill = BillParser.Read(content).Bill!;

        var staged = await BillIntake.StageAsync(api.Store.Database, state.OrganizationId, content.AccountId, bill, Cancel);

        (await CountAsync()).Should().Be(lines);
        (await finance.GetAsync("/reconciliation/imports")).Items("id").Should().BeEmpty("whoever is stopped here has imported nothing");
        (await finance.PostAsync("/reconciliation/runs", new { account = "main", month = Month })).ProblemType.Should().Be("wrong-state");
        await using (var transaction = await GovernanceTransaction.BeginAsync(api.Store.Database, state.OrganizationId, TimeProvider.System, Cancel))
        {
            var (_, change) = await BillIntake.PlanAsync(transaction, staged, content.AccountId, "main", content.Format, bill, "test", Cancel);
            change!.Write.Should().BeOfType<GovernanceWrite.AddBill>().Which.Lines.Should().BeEmpty();
            await transaction.ApplyAsync([change], new ChangeAuthor("test", "test"), Cancel);
        }
        Usd((await RunAsync(finance)).Json, "billedUsd").Should().Be(new NanoUsd(lines * 500_000_000L));

        // The same through the management API is the same import, and writes nothing.
        await ImportAsync(finance, csv);
        (await CountAsync()).Should().Be(lines);
        await ImportAsync(finance, csv + $"{Month}-28,more,output,1,1\n");
        (await CountAsync()).Should().Be(2 * lines + 1);

        Task<long> CountAsync() => api.Store.ScalarAsync<long>("SELECT count(*) FROM billed_lines");
    }

    [Fact]
    public async Task A_bill_of_another_account_is_not_this_ones_and_days_without_one_are_told()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await books.SpendAsync(PastBooks.Noon(1), new Usage { Input = 1_000 }, account: "second");
        await books.SpendAsync(PastBooks.Noon(1), new Usage { Output = 10 }, "m");
        (await finance.PostAsync("/reconciliation/runs", new { account = "main", month = Month })).ProblemType.Should().Be("wrong-state");
        await ImportAsync(finance, Csv("01,m,output,10,0.0001"));

        var run = await RunAsync(finance);

        Text(run.Json, "explainedPercent").Should().Be("100.00");
        run.Json.GetProperty("differences").GetInt32().Should().Be(0, run.Body);
        var days = (int)((PastBooks.Month.EndsAt - PastBooks.Month.StartsAt) / 86_400_000_000);
        run.Json.GetProperty("daysWithoutBill").GetInt32().Should().Be(days - 1);
        (await finance.PostAsync("/reconciliation/runs", new { account = "second", month = Month })).ProblemType.Should().Be("wrong-state");
    }

    [Fact]
    public async Task Requests_of_both_context_bands_are_divided_by_their_own_rates()
    {
        await using var api = await StartAsync();
        await using var books = await PastBooks.OpenAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        for (var i = 0; i < 2; i++)
        {
            await books.SpendAsync(PastBooks.Noon(1) + i, new Usage { Input = 200_000, Output = 10 }, "m");
            await books.SpendAsync(PastBooks.Noon(1) + 60_000_000 + i, new Usage { Input = 300_000, Output = 10 }, "m");
        }
        // At 1.25 and 10 dollars a million, and above 272,000 tokens at 2.5 and 15.
        await ImportAsync(finance, Csv("01,m,input,1000000,2", "01,m,output,40,0.0006"));
        var differences = await DifferencesAsync(finance, await RunAsync(finance));
        differences.Select(d => (Text(d, "class"), Text(d, "kind"), Text(d, "differenceUsd"))).Should().Equal(("output", "price_drift", "0.0001"));
    }

    [Fact]
    public async Task A_report_tells_names_of_a_bill_as_text()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await ImportAsync(finance, Csv("01,<script>alert(1)</script>,output,10,1"));
        var run = await RunAsync(finance);
        var page = await finance.GetAsync($"/reconciliation/runs/{Text(run.Json, "id")}/page");
        page.Body.Should().NotContain("<script").And.Contain("&lt;script&gt;");
    }

    [Theory]
    [InlineData("""{"account":"nowhere","format":"csv","content":"x"}""", "account")]
    [InlineData("""{"account":"main","format":"pdf","content":"x"}""", "format")]
    [InlineData("""{"account":"main","format":"csv","content":""}""", "content")]
    [InlineData("""{"account":"main","format":"focus_csv","content":"BilledCost\n1"}""", "content")]
    [InlineData("""{"account":"main","format":"csv","content":"x","mapping":{"classes":{"in":"thoughts"}}}""", "mapping.classes")]
    public async Task An_import_that_is_wrong_is_refused_with_its_field(string body, string field)
    {
        await using var api = await StartAsync();
        var refused = await (await api.ClientAsync(MemberRole.FinanceManager)).PostAsync("/reconciliation/imports", body);
        refused.Status.Should().Be(400, refused.Body);
        refused.Field.Should().Be(field, refused.Body);
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM bill_imports")).Should().Be(0);
    }

    [Theory]
    [InlineData(MemberRole.Auditor)]
    [InlineData(MemberRole.PlatformAdmin)]
    [InlineData(MemberRole.Manager)]
    public async Task Who_may_only_read_the_books_imports_and_compares_nothing(MemberRole role)
    {
        await using var api = await StartAsync();
        await ImportAsync(await api.ClientAsync(MemberRole.FinanceManager), Csv("01,m,output,10,1"));
        var client = await api.ClientAsync(role, role == MemberRole.Manager ? ["team/search"] : []);
        (await client.PostAsync("/reconciliation/imports", new { account = "main", format = "csv", content = "x" })).ProblemType.Should().Be("forbidden");
        (await client.PostAsync("/reconciliation/runs", new { account = "main", month = Month })).ProblemType.Should().Be("forbidden");
        (await client.PostAsync($"/reconciliation/runs/{Guid.CreateVersion7()}/proposals", new { })).ProblemType.Should().Be("forbidden");
        (await client.GetAsync("/reconciliation/imports")).Items("id").Should().HaveCount(role == MemberRole.Manager ? 0 : 1);
    }

    [Fact]
    public async Task Another_organization_sees_nothing_of_it()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var import = await ImportAsync(finance, Csv("01,m,output,10,1"));
        var run = await RunAsync(finance);
        await api.ApplyAsync("organization:\n  slug: other\n  name: Other");
        var other = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("o@other.example", MemberRole.OrgAdmin, organization: "other"), organization: "other"));
        const string root = "/api/v1/organizations/other/reconciliation";
        (await other.GetAsync($"{root}/imports/{Text(import.Json, "id")}")).Status.Should().Be(404);
        foreach (var part in new[] { "", "/page", "/differences" }) (await other.GetAsync($"{root}/runs/{Text(run.Json, "id")}{part}")).Status.Should().Be(404);
        (await other.PostAsync($"{root}/runs/{Text(run.Json, "id")}/proposals", new { })).Status.Should().Be(404);
        (await other.GetAsync($"{root}/runs")).Items("id").Should().BeEmpty();
    }

    [Fact]
    public async Task A_repeated_comparison_is_answered_as_the_first_time()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await using var books = await PastBooks.OpenAsync(api);
        await books.SpendAsync(PastBooks.Noon(1), new Usage { Input = 1_000 });
        await ImportAsync(finance, "day,model,class,units,usd\n", $"{Month}-01", $"{Month}-01");
        var body = new { account = "main", month = Month };
        var first = await finance.PostAsync("/reconciliation/runs", body, idempotencyKey: "k");
        // Its difference is negative: answers are read again that requests may not have.
        Usd(first.Json, "differenceUsd").IsNegative.Should().BeTrue();
        (await finance.PostAsync("/reconciliation/runs", body, idempotencyKey: "k")).Body.Should().Be(first.Body);
    }

    private static async Task<ControlAnswer> ImportAsync(ControlClient client, string csv, string? from = null, string? to = null)
    {
        var answer = await client.PostAsync("/reconciliation/imports", new { account = "main", format = "csv", content = csv, mapping = Mapping, from, to });
        answer.Status.Should().Be(201, answer.Body);
        return answer;
    }

    private static async Task<ControlAnswer> RunAsync(ControlClient client)
    {
        var answer = await client.PostAsync("/reconciliation/runs", new { account = "main", month = Month });
        answer.Status.Should().Be(201, answer.Body);
        (await client.GetAsync($"/reconciliation/runs/{Text(answer.Json, "id")}")).Body.Should().Be(answer.Body);
        return answer;
    }

    private static async Task<List<JsonElement>> DifferencesAsync(ControlClient client, ControlAnswer run)
    {
        var found = new List<JsonElement>();
        var path = $"/reconciliation/runs/{Text(run.Json, "id")}/differences?limit=7";
        for (var next = path; next is not null;)
        {
            var page = await client.GetAsync(next);
            page.Status.Should().Be(200, page.Body);
            found.AddRange(page.Json.GetProperty("items").EnumerateArray());
            next = page.Json.GetProperty("next").GetString() is { } cursor ? $"{path}&cursor={cursor}" : null;
        }
        return found;
    }

    private static string Csv(params string[] lines) => $"day,model,class,units,usd\n{string.Concat(lines.Select(l => $"{Month}-{l}\n"))}";

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    private static NanoUsd Usd(JsonElement of, string name) => NanoUsd.TryParse(Text(of, name), out var amount) ? amount : throw new FormatException(name);

    private static NanoUsd Sum(IEnumerable<JsonElement> differences) => differences.Aggregate(NanoUsd.Zero, (sum, d) => sum + Usd(d, "differenceUsd"));

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(PastBooks.Company);
        return api;
    }
}

public sealed class SqliteReconciliationTests() : ReconciliationContract(DatabaseEngine.Sqlite);

public sealed class PostgresReconciliationTests() : ReconciliationContract(DatabaseEngine.Postgres);
