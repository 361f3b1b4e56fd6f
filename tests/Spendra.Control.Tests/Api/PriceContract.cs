using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Tests.Api;

/// <summary>The price book through the management API, on either engine.</summary>
public abstract class PriceContract(DatabaseEngine engine)
{
    [Fact]
    public async Task The_book_is_listed_filtered_and_paged_as_it_is_and_as_it_was()
    {
        await using var api = await StartAsync();
        var auditor = await api.ClientAsync(MemberRole.Auditor);

        var house = await auditor.GetAsync("/prices?provider=openai&model=house-model");
        house.Json.GetProperty("items").GetArrayLength().Should().Be(1, house.Body);
        var price = house.Json.GetProperty("items")[0];
        price.GetProperty("rates").GetProperty("inputUsd").GetString().Should().Be("1.25");
        price.GetProperty("longContextAboveTokens").GetInt64().Should().Be(272_000);
        price.GetProperty("source").GetString().Should().Be("declared");
        price.GetProperty("effectiveFrom").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);

        var all = await PagesAsync(auditor, "/prices?limit=200");
        all.Should().HaveCountGreaterThan(50).And.OnlyHaveUniqueItems();
        (await PagesAsync(auditor, "/prices?limit=37")).Should().Equal(all);
        (await auditor.GetAsync("/prices?search=HOUSE")).Items("model").Should().Equal("house-model");
        (await auditor.GetAsync("/prices/history?provider=openai&model=gpt-5.4")).Json.GetProperty("items").GetArrayLength().Should().BeGreaterThan(1);
        (await (await api.ClientAsync(MemberRole.Employee, "employee/e1001")).GetAsync("/prices?limit=1")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Agreed_prices_are_proposed_by_one_and_approved_by_another()
    {
        await using var api = await StartAsync();
        var proposer = await api.ClientAsync(MemberRole.FinanceManager);
        var approver = await api.ClientAsync(MemberRole.FinanceManager);
        var body = new { prices = new[] { new { provider = "openai", model = "gpt-5.4", inputUsd = "1", outputUsd = "8", unitUsd = new Dictionary<string, string>() } } };

        var proposed = await proposer.PostAsync("/price-proposals", body, idempotencyKey: "k");
        proposed.Status.Should().Be(201, proposed.Body);
        (await proposer.PostAsync("/price-proposals", body, idempotencyKey: "k")).Body.Should().Be(proposed.Body);
        var path = $"/price-proposals/{proposed.Json.GetProperty("id").GetString()}";
        proposed.Json.GetProperty("differences")[0].GetProperty("fields").EnumerateArray().Select(f => f.GetProperty("field").GetString()).Should().Contain("inputUsdPerMillion");
        (await proposer.PostAsync($"{path}/approve", null, proposed.ETag)).Json.GetProperty("detail").GetString().Should().Be("Nobody decides their own proposal.");
        (await proposer.PostAsync($"{path}/reject", null, proposed.ETag)).ProblemType.Should().Be("forbidden");
        (await approver.PostAsync($"{path}/approve", null, "\"2\"")).ProblemType.Should().Be("stale-version");
        var approved = await approver.PostAsync($"{path}/approve", null, proposed.ETag);
        approved.Status.Should().Be(200, approved.Body);
        approved.Json.GetProperty("state").GetString().Should().Be("approved");
        (await approver.PostAsync($"{path}/reject", null, "*")).ProblemType.Should().Be("wrong-state");

        var now = (await approver.GetAsync("/prices?provider=openai&model=gpt-5.4")).Json.GetProperty("items")[0];
        now.GetProperty("rates").GetProperty("outputUsd").GetString().Should().Be("8");
        now.GetProperty("source").GetString().Should().Be("negotiated");
        (await approver.GetAsync("/price-proposals?state=approved")).Json.GetProperty("items").GetArrayLength().Should().Be(1);
        (await approver.GetAsync("/price-proposals?state=open")).Json.GetProperty("items").GetArrayLength().Should().Be(0);
        (await approver.GetAsync("/audit/records?subjectKind=priceProposal&sort=sequence")).Items("action").Should().Equal("propose", "approve");
    }

    [Fact]
    public async Task A_discount_holds_on_what_is_listed_outranks_lists_and_ends()
    {
        await using var api = await StartAsync();
        var proposer = await api.ClientAsync(MemberRole.PlatformAdmin);
        var approver = await api.ClientAsync(MemberRole.OrgAdmin);
        var listed = await RatesAsync(approver);

        await TakeAsync(proposer, approver, new { discount = new { provider = "openai", models = new[] { "gpt-5.4-mini" }, percent = 50 } });
        var discounted = await RatesAsync(approver);
        decimal.Parse(discounted.Input).Should().Be(decimal.Parse(listed.Input) / 2);
        discounted.Source.Should().Be("negotiated");

        // A list does not take it away, and may not claim to be an agreement.
        var csv = $"{string.Join(',', PriceFile.Columns)}\nopenai,gpt-5.4-mini,,,,9,9,9,9,,,,,,,,,,,list,\n";
        (await proposer.PostAsync("/price-proposals", new { csv })).ProblemType.Should().Be("wrong-state");
        (await proposer.PostAsync("/price-proposals", new { csv = csv.Replace(",list,", ",negotiated,") })).Field.Should().Be("csv");

        await TakeAsync(proposer, approver, new { discount = new { provider = "openai", models = new[] { "gpt-5.4-mini" }, percent = 0 } });
        (await RatesAsync(approver)).Should().Be(listed);
        (await proposer.PostAsync("/price-proposals", new { csv })).Status.Should().Be(201);
    }

    [Fact]
    public async Task A_proposal_that_is_wrong_is_refused_with_its_field()
    {
        await using var api = await StartAsync();
        var client = await api.ClientAsync(MemberRole.PlatformAdmin);
        foreach (var (body, field) in new[]
        {
            ("""{}""", "csv"),
            ("""{"csv":"a","discount":{"provider":"openai","percent":1}}""", "csv"),
            ("""{"csv":"a,b"}""", "csv"),
            ("""{"prices":[]}""", "prices"),
            ("""{"prices":[{"provider":"nobody","model":"m","inputUsd":"1","outputUsd":"1"}]}""", "prices[0].provider"),
            ("""{"prices":[{"provider":"openai","model":"m","inputUsd":"-1","outputUsd":"1"}]}""", "prices[0].inputUsd"),
            ("""{"prices":[{"provider":"openai","model":"m","inputUsd":"9000000","outputUsd":"1"}]}""", "prices[0]"),
            ("""{"prices":[{"provider":"openai","model":"m","inputUsd":"1","outputUsd":"1","unitUsd":{"apples":"1"}}]}""", "prices[0].unitUsd"),
            ("""{"discount":{"provider":"openai","percent":101}}""", "discount.percent"),
            ("""{"discount":{"provider":"nobody","percent":10}}""", "discount.provider"),
            ("""{"discount":{"provider":"openai","models":["no-such"],"percent":10}}""", "discount.provider"),
        })
        {
            var refused = await client.PostAsync("/price-proposals", body);
            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await api.Store.ScalarAsync<long>("SELECT count(*) FROM price_proposals")).Should().Be(0);
        }
    }

    [Fact]
    public async Task Who_may_propose_does_not_approve_and_another_organization_has_nothing_of_it()
    {
        await using var api = await StartAsync();
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);
        var proposed = await platform.PostAsync("/price-proposals", new { discount = new { provider = "openai", percent = 20 } });
        proposed.Status.Should().Be(201, proposed.Body);
        var id = proposed.Json.GetProperty("id").GetString();
        (await (await api.ClientAsync(MemberRole.PlatformAdmin)).PostAsync($"/price-proposals/{id}/approve", null, "*")).ProblemType.Should().Be("forbidden");
        (await (await api.ClientAsync(MemberRole.Manager, "team/search")).PostAsync("/price-proposals", new { discount = new { provider = "openai", percent = 20 } })).ProblemType.Should().Be("forbidden");

        await api.ApplyAsync("organization:\n  slug: other\n  name: Other");
        var member = await api.AddMemberAsync("o@other.example", MemberRole.OrgAdmin, organization: "other");
        var other = api.Client(await api.AddTokenAsync(member, organization: "other"));
        (await other.GetAsync($"/api/v1/organizations/other/price-proposals/{id}")).Status.Should().Be(404);
        (await other.PostAsync($"/api/v1/organizations/other/price-proposals/{id}/approve", null, "*")).Status.Should().Be(404);
    }

    private static async Task TakeAsync(ControlClient proposer, ControlClient approver, object body)
    {
        var proposed = await proposer.PostAsync("/price-proposals", body);
        proposed.Status.Should().Be(201, proposed.Body);
        var approved = await approver.PostAsync($"/price-proposals/{proposed.Json.GetProperty("id").GetString()}/approve", null, proposed.ETag);
        approved.Status.Should().Be(200, approved.Body);
    }

    private static async Task<(string Input, string Output, string Source)> RatesAsync(ControlClient client)
    {
        var price = (await client.GetAsync("/prices?provider=openai&model=gpt-5.4-mini")).Json.GetProperty("items")[0];
        return (price.GetProperty("rates").GetProperty("inputUsd").GetString()!, price.GetProperty("rates").GetProperty("outputUsd").GetString()!, price.GetProperty("source").GetString()!);
    }

    private static async Task<List<string>> PagesAsync(ControlClient client, string path)
    {
        var found = new List<string>();
        for (var next = path; next is not null;)
        {
            var page = await client.GetAsync(next);
            page.Status.Should().Be(200, page.Body);
            found.AddRange(page.Items("priceId"));
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

public sealed class SqlitePriceTests() : PriceContract(DatabaseEngine.Sqlite);

public sealed class PostgresPriceTests() : PriceContract(DatabaseEngine.Postgres);
