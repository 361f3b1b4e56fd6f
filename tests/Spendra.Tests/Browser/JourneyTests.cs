using System.Net;
using System.Net.Http.Json;
using Microsoft.Playwright;
using Spendra.Storage;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Browser;

/// <summary>What people of each role come for, from their browser to the gateway and back: after signing in by keyboard alone.</summary>
public sealed class JourneyTests(Chromium chromium) : IClassFixture<Chromium>
{
    internal const string Password = "nine lives of a ledger";
    private const int MostTabs = 120;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Who_is_refused_follows_the_link_asks_is_granted_more_and_calls_again(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        var served = await ServeAcmeAsync(site, adaUsd: "0.000001");
        await JoinAsync(site, served, "ada@acme.example", "employee", "--scope", "employee/ada", "--employee", "employee/ada");
        await JoinAsync(site, served, "fin@acme.example", "finance_manager");
        var refused = await served.ChatAsync(site.Keys["ada"]);
        refused.ShouldBeError(402, "budget_exceeded");

        await using var ada = await ComeAsync(served, "ada@acme.example");
        // Where the refusal's request_url leads.
        await ada.OpenAsync($"/requests/new?refusal={refused.RequestId}");
        await TypeAsync(ada, ada.Page.GetByLabel("USD: more for the budget"), "0.5");
        await TypeAsync(ada, ada.Page.GetByLabel("Why"), "Release week");
        await PressAsync(ada, ada.Page.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true }));
        await Assertions.Expect(ada.Page.GetByRole(AriaRole.Cell, new() { Name = "Release week" })).ToBeVisibleAsync();

        await using var finance = await ComeAsync(served, "fin@acme.example");
        await PressAsync(finance, finance.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Approvals" }));
        await PressAsync(finance, finance.Page.GetByRole(AriaRole.Button, new() { Name = "Grant $0.50" }));
        await PressAsync(finance, finance.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Grant it" }));
        await Assertions.Expect(finance.Page.GetByText("Nothing waits for a decision.")).ToBeVisibleAsync();

        (await served.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);
        ada.Complaints.Concat(finance.Complaints).Should().BeEmpty();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_key_is_made_used_and_revoked(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        var served = await ServeAcmeAsync(site);
        await JoinAsync(site, served, "root@acme.example", "org_admin");

        await using var root = await ComeAsync(served, "root@acme.example");
        await PressAsync(root, root.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Keys" }));
        await PressAsync(root, root.Page.GetByRole(AriaRole.Link, new() { Name = "New key" }));
        await TypeAsync(root, root.Page.GetByLabel("Its name, used once"), "ada-laptop");
        await TypeAsync(root, root.Page.GetByLabel("Whom it speaks for"), "employee/ada");
        await PressAsync(root, root.Page.GetByRole(AriaRole.Button, new() { Name = "Create the key" }));
        var secret = (await root.Page.Locator("#secret").TextContentAsync())!.Trim();
        (await served.ChatAsync(secret)).Status.Should().Be(200);

        await root.OpenAsync("/org/acme/keys/ada-laptop");
        (await root.Page.ContentAsync()).Should().NotContain(secret, "it was shown once");
        await PressAsync(root, root.Page.GetByRole(AriaRole.Button, new() { Name = "Revoke it" }));
        await PressAsync(root, root.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Revoke it" }));
        await Assertions.Expect(root.Page.Locator(".page-head")).ToContainTextAsync("revoked");
        (await served.ChatAsync(secret)).Status.Should().Be(401);
        root.Complaints.Should().BeEmpty();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_policy_is_written_in_plain_words_tried_on_the_past_and_holds_once_it_is_saved(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        var served = await ServeAcmeAsync(site);
        await JoinAsync(site, served, "root@acme.example", "org_admin");
        (await served.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);
        await site.WaitUntilNothingIsReservedAsync();

        await using var root = await ComeAsync(served, "root@acme.example");
        await PressAsync(root, root.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Policies" }));
        await PressAsync(root, root.Page.GetByRole(AriaRole.Link, new() { Name = "New policy" }));
        await TypeAsync(root, root.Page.GetByLabel("Its name; never changes"), "only-nano");
        var kind = root.Page.GetByLabel("Kind; never changes");
        await ChooseAsync(root, kind, "allowlist");
        await TypeAsync(root, root.Page.GetByLabel("Whose requests"), "team/search");
        await TypeAsync(root, root.Page.GetByLabel("Models, by exact id"), "gpt-4.1-nano");
        await root.Page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(root.Page.Locator(".proof")).ToHaveTextAsync("Team search may use the models gpt-4.1-nano alone.");
        await PressAsync(root, root.Page.GetByRole(AriaRole.Button, new() { Name = "Try it on the last 30 days" }));
        await Assertions.Expect(root.Page.Locator(".figures")).ToContainTextAsync("Refused1");
        (await served.ChatAsync(site.Keys["ada"])).Status.Should().Be(200, "it was only tried");
        await PressAsync(root, root.Page.GetByRole(AriaRole.Button, new() { Name = "Create the policy" }));
        await Assertions.Expect(root.Page.GetByRole(AriaRole.Heading, new() { Name = "only-nano" })).ToBeVisibleAsync();

        (await served.ChatAsync(site.Keys["ada"])).ShouldBeError(403, "model_not_allowed");
        root.Complaints.Should().BeEmpty();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_platform_admin_adds_an_account_and_tries_it(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        var served = await ServeAcmeAsync(site);
        await JoinAsync(site, served, "jean@acme.example", "platform_admin");

        await using var jean = await ComeAsync(served, "jean@acme.example");
        await PressAsync(jean, jean.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Providers" }));
        await PressAsync(jean, jean.Page.GetByRole(AriaRole.Link, new() { Name = "New account" }));
        await TypeAsync(jean, jean.Page.GetByLabel("Its name, used once"), "second");
        await TypeAsync(jean, jean.Page.GetByLabel("The secret; nobody can read it again"), "sandbox-accepts-any-key");
        await TypeAsync(jean, jean.Page.GetByLabel("Its address"), site.Sandbox.BaseUrl.ToString());
        await PressAsync(jean, jean.Page.GetByRole(AriaRole.Button, new() { Name = "Create the account" }));
        await Assertions.Expect(jean.Page.GetByText("second").First).ToBeVisibleAsync();
        await jean.OpenAsync("/org/acme/providers/second");
        await PressAsync(jean, jean.Page.GetByRole(AriaRole.Button, new() { Name = "Make a test call" }));
        await Assertions.Expect(jean.Page.Locator("p[aria-live]")).ToContainTextAsync("It works");
        (await jean.Page.ContentAsync()).Should().NotContain("sandbox-accepts-any-key");
        jean.Complaints.Should().BeEmpty();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_manager_adds_an_agent_to_the_team_and_an_auditor_finds_it_in_a_record_that_is_whole(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        var served = await ServeAcmeAsync(site);
        await JoinAsync(site, served, "max@acme.example", "manager", "--scope", "team/search");
        await JoinAsync(site, served, "vera@acme.example", "auditor");

        await using var max = await ComeAsync(served, "max@acme.example");
        await PressAsync(max, max.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Hierarchy" }));
        await PressAsync(max, max.Page.GetByRole(AriaRole.Link, new() { Name = "New scope" }));
        var kind = max.Page.GetByLabel("Kind", new() { Exact = true }).Last;
        await ChooseAsync(max, kind, "agent");
        await TypeAsync(max, max.Page.GetByLabel("Its short name"), "indexer");
        await TypeAsync(max, max.Page.GetByLabel("Below what."), "team/search");
        await PressAsync(max, max.Page.GetByRole(AriaRole.Button, new() { Name = "Create it" }));
        await Assertions.Expect(max.Page.GetByRole(AriaRole.Cell, new() { Name = "indexer", Exact = true }).First).ToBeVisibleAsync();

        await using var vera = await ComeAsync(served, "vera@acme.example");
        await PressAsync(vera, vera.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Audit" }));
        await Assertions.Expect(vera.Page.Locator("table")).ToContainTextAsync("indexer");
        await PressAsync(vera, vera.Page.GetByRole(AriaRole.Button, new() { Name = "Verify the chain" }));
        await Assertions.Expect(vera.Page.GetByText("The chain is whole")).ToBeVisibleAsync();
        max.Complaints.Concat(vera.Complaints).Should().BeEmpty();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Who_is_invited_by_the_iam_admin_accepts_with_the_link_and_sees_what_the_role_shows(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        var served = await ServeAcmeAsync(site);
        await JoinAsync(site, served, "iam@acme.example", "iam_admin");
        await JoinAsync(site, served, "vera@acme.example", "employee", "--scope", "employee/ada");
        (await site.RunAsync("members", "remove", "vera@acme.example")).ShouldSucceed();

        await using var iam = await ComeAsync(served, "iam@acme.example");
        await PressAsync(iam, iam.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Members" }));
        await PressAsync(iam, iam.Page.GetByRole(AriaRole.Link, new() { Name = "Invite somebody" }));
        await TypeAsync(iam, iam.Page.GetByLabel("Address that they sign in with"), "vera@acme.example");
        await TypeAsync(iam, iam.Page.GetByLabel("Over which scopes"), "team/search");
        await PressAsync(iam, iam.Page.GetByRole(AriaRole.Button, new() { Name = "Make the link" }));
        var link = new Uri((await iam.Page.Locator("#invitation-link").TextContentAsync())!.Trim());
        link.AbsolutePath.Should().Be("/invitation");

        await using var vera = await Visitor.ComeAsync(chromium.Browser, served.Url.ToString().TrimEnd('/'));
        await vera.Page.GotoAsync(new Uri(served.Url, link.PathAndQuery + link.Fragment).ToString());
        await PressAsync(vera, vera.Page.GetByRole(AriaRole.Button, new() { Name = "Accept the invitation" }));
        await vera.Page.WaitForURLAsync(u => u.Contains("/sign-in", StringComparison.Ordinal));
        await TypeAsync(vera, vera.Page.GetByLabel("E-mail address"), "vera@acme.example");
        await TypeAsync(vera, vera.Page.GetByLabel("Password", new() { Exact = true }), Password);
        await PressAsync(vera, vera.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }));
        await PressAsync(vera, vera.Page.GetByRole(AriaRole.Button, new() { Name = "Accept the invitation" }));
        await vera.AliveAsync();
        await Assertions.Expect(vera.Page.GetByRole(AriaRole.Heading, new() { Name = "Overview" })).ToBeVisibleAsync();
        (await vera.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link).AllTextContentsAsync()).Should().Contain("Keys").And.NotContain("Audit");
        iam.Complaints.Should().BeEmpty();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task An_empty_installation_is_set_up_by_its_link_and_led_to_a_first_call_that_is_seen_arriving(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        var served = await site.ServeAsync();
        var link = await served.Process.WaitForLineAsync(l => l.Contains("/setup#", StringComparison.Ordinal));

        await using var ida = await Visitor.ComeAsync(chromium.Browser, served.Url.ToString().TrimEnd('/'));
        await ida.Page.GotoAsync(link[link.IndexOf("http", StringComparison.Ordinal)..].Split(' ')[0]);
        await TypeAsync(ida, ida.Page.GetByLabel("Organization", new() { Exact = true }), "Acme Corporation");
        await TypeAsync(ida, ida.Page.GetByLabel("Its short name"), "acme");
        await TypeAsync(ida, ida.Page.GetByLabel("Your name"), "Ida Rhodes");
        await TypeAsync(ida, ida.Page.GetByLabel("Your e-mail address"), "ida@acme.example");
        await TypeAsync(ida, ida.Page.GetByLabel("A password"), Password);
        await PressAsync(ida, ida.Page.GetByRole(AriaRole.Button, new() { Name = "Create the organization" }));
        await ida.Page.WaitForURLAsync(u => u.EndsWith("/org/acme/welcome", StringComparison.Ordinal));
        await ida.AliveAsync();

        await TypeAsync(ida, ida.Page.GetByLabel("The secret; nobody can read it again"), "sandbox-accepts-any-key");
        await TypeAsync(ida, ida.Page.GetByLabel("Its address"), site.Sandbox.BaseUrl.ToString());
        await PressAsync(ida, ida.Page.GetByRole(AriaRole.Button, new() { Name = "Add the account" }));
        await PressAsync(ida, ida.Page.GetByRole(AriaRole.Button, new() { Name = "Set the cap" }));
        await TypeAsync(ida, ida.Page.GetByLabel("Short name of the person"), "ida");
        await PressAsync(ida, ida.Page.GetByRole(AriaRole.Button, new() { Name = "Issue the key" }));
        var secret = (await ida.Page.Locator("#secret").TextContentAsync())!.Trim();
        (await served.ChatAsync(secret)).Status.Should().Be(200);
        await Assertions.Expect(ida.Page.GetByText("It arrived:")).ToBeVisibleAsync();
        ida.Complaints.Should().BeEmpty();
    }

    private static async Task<ServedProcess> ServeAcmeAsync(Site site, string adaUsd = "1")
    {
        await site.ApplyAsync(Acme.Declaration(adaUsd));
        return await site.ServeAsync();
    }

    private async Task<Visitor> ComeAsync(ServedProcess served, string email)
    {
        var visitor = await Visitor.ComeAsync(chromium.Browser, served.Url.ToString().TrimEnd('/'));
        await visitor.SignInAsync(email, Password);
        await visitor.AliveAsync();
        return visitor;
    }

    /// <summary>A member who signs in with a password, as the operator's link lets them set it.</summary>
    internal static async Task JoinAsync(Site site, ServedProcess served, string email, string role, params string[] more)
    {
        (await site.RunAsync(["members", "add", email, "--role", role, .. more])).ShouldSucceed();
        var ticket = (await site.JsonAsync("password-link", email)).GetProperty("ticket").GetString();
        using var http = new HttpClient { BaseAddress = served.Url };
        using var response = await http.PostAsJsonAsync("/api/v1/session/password-link", new { ticket, newPassword = Password }, Cancel);
        response.StatusCode.Should().Be(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task TypeAsync(Visitor visitor, ILocator input, string text)
    {
        await ReachAsync(visitor, input);
        await visitor.Page.Keyboard.PressAsync("Control+A");
        await visitor.Page.Keyboard.TypeAsync(text);
    }

    /// <summary>By the arrow keys, from the first one on.</summary>
    private static async Task ChooseAsync(Visitor visitor, ILocator list, string value)
    {
        await ReachAsync(visitor, list);
        var choices = (await list.Locator("option").EvaluateAllAsync<string[]>("all => all.map(option => option.value)")).ToList();
        await visitor.Page.Keyboard.PressAsync("Home");
        for (var downs = choices.IndexOf(value); downs > 0; downs--) await visitor.Page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(list).ToHaveValueAsync(value);
    }

    private static async Task PressAsync(Visitor visitor, ILocator target)
    {
        await ReachAsync(visitor, target);
        await visitor.Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>By the Tab key, as somebody without a pointer gets there.</summary>
    private static async Task ReachAsync(Visitor visitor, ILocator target)
    {
        await target.WaitForAsync();
        for (var tabs = 0; tabs < MostTabs; tabs++)
        {
            if (await target.EvaluateAsync<bool>("e => e === document.activeElement")) return;
            await visitor.Page.Keyboard.PressAsync("Tab");
        }
        throw new InvalidOperationException($"the Tab key does not reach {target}");
    }
}
