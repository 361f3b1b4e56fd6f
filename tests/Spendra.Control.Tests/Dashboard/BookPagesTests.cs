using System.Net;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Control.Reports;
using Spendra.Control.Tests.Api;
using Spendra.Control.Tests.SignIn;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>The pages of the books as they come from the server: with their rows, and for each role without what it may not.</summary>
public sealed class BookPagesTests
{
    private const string Root = "/org/acme/";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_ledger_shows_its_rows_and_what_a_request_is_made_of()
    {
        await using var world = await World.StartAsync();
        using var admin = await world.SignInAsync(MemberRole.OrgAdmin);

        var events = await PageAsync(admin, "ledger");
        events.Should().Contain($"request={world.Spent}").And.Contain($"request={world.Theirs}").And.Contain("0.002250").And.Contain(">Audit</a>");
        (await PageAsync(admin, "ledger?key=ada")).Should().Contain($"request={world.Spent}").And.NotContain($"request={world.Theirs}");
        (await PageAsync(admin, "ledger?kind=late")).Should().Contain("Nothing was spent that is like this.");
        (await PageAsync(admin, "ledger?from=yesterday")).Should().Contain("is not an instant such as");
        (await PageAsync(admin, "ledger/entries")).Should().Contain("expense against payable of main");
        (await PageAsync(admin, "ledger/reservations")).Should().Contain($"request={world.Open}").And.NotContain($"request={world.Spent}");
        (await PageAsync(admin, "ledger/refusals?code=model_not_allowed")).Should().Contain($"request={world.Refused}");
        (await PageAsync(admin, "ledger/refusals?code=budget_exceeded")).Should().Contain("Nothing was refused that is like this");

        var explained = await PageAsync(admin, $"ledger?request={world.Spent}");
        explained.Should().Contain("role=\"dialog\"").And.Contain("all-2026").And.Contain("all-cap").And.Contain("house-model of openai, through main")
            .And.Contain("team/search").And.Contain("USD per million").And.Contain("in entry 1");
        (await PageAsync(admin, $"ledger/refusals?request={world.Refused}")).Should().Contain("<h2>model_not_allowed</h2>");
        (await PageAsync(admin, $"ledger?request={Guid.CreateVersion7()}")).Should().Contain("Not found.");
    }

    [Fact]
    public async Task Who_sees_some_scopes_sees_what_belongs_to_these()
    {
        await using var world = await World.StartAsync();
        using var employee = await world.SignInAsync(MemberRole.Employee, "employee/e1001");

        var events = await PageAsync(employee, "ledger");
        events.Should().Contain($"request={world.Spent}").And.NotContain($"request={world.Theirs}");
        foreach (var entry in new[] { "audit", "system" }) events.Should().NotContain($"href=\"{Root}{entry}\"", "nothing there is for employees");
        (await PageAsync(employee, $"ledger?request={world.Theirs}")).Should().Contain("Not found.").And.NotContain("crawler-key");
        (await PageAsync(employee, "audit")).Should().Contain("You may not do this.").And.NotContain("Verify the chain").And.NotContain("Save all");
        (await PageAsync(employee, "system")).Should().Contain("You may not do this.");
        (await PageAsync(employee, "exports")).Should().Contain("or none that you see").And.NotContain("Export once");
        (await PageAsync(employee, "explore")).Should().Contain("openai").And.Contain("0.002250");
    }

    [Fact]
    public async Task Spend_is_explored_over_time_and_from_provider_to_team_and_can_be_saved()
    {
        await using var world = await World.StartAsync();
        using var auditor = await world.SignInAsync(MemberRole.Auditor);

        var page = await PageAsync(auditor, "explore?by=key");
        page.Should().Contain(">ada</a>").And.Contain(">crawler-key</a>").And.Contain("class=\"series-1\"").And.Contain("download=\"spend-by-key-");
        page.Should().Contain("/org/acme/ledger?from=").And.Contain("key=crawler-key");
        (await PageAsync(auditor, "explore?view=flow")).Should().Contain("openai to house-model").And.Contain("house-model to team/search");
        (await PageAsync(auditor, "explore?model=another")).Should().Contain("Nothing was spent in this time that is like this.");
        (await PageAsync(auditor, "explore?scope=team/search&key=ada")).Should().Contain("stands in place of 'scope'");
    }

    [Fact]
    public async Task Exports_audit_and_system_show_what_they_have_to_who_may_see_it()
    {
        await using var world = await World.StartAsync();
        using var finance = await world.SignInAsync(MemberRole.FinanceManager);
        using var auditor = await world.SignInAsync(MemberRole.Auditor);

        (await PageAsync(finance, "exports")).Should().Contain("Export once").And.Contain("charges (FOCUS)").And.Contain("None was made yet.");
        (await PageAsync(auditor, "exports")).Should().Contain("None was made yet.").And.NotContain("Export once").And.NotContain("Schedules");
        (await PageAsync(auditor, "audit?subjectKind=budget")).Should().Contain("budget all-2026").And.Contain("Verify the chain");
        (await PageAsync(auditor, "audit?open=1")).Should().Contain("Audit record 1").And.Contain("Before and after");
        (await PageAsync(auditor, "audit?open=x")).Should().Contain("Not found.");
        (await PageAsync(auditor, "system")).Should().Contain("SQLite").And.Contain("local disk").And.Contain("everything answers");
        (await PageAsync(auditor, "alerts")).Should().Contain("Nothing was ever wrong.");
    }

    [Fact]
    public async Task A_page_whose_figures_take_long_is_there_before_them()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Postgres, options: People.Plain);
        await api.ApplyAsync(Files.Acme);
        await api.AddPersonAsync("vera@acme.example");
        await api.AddMemberAsync("vera@acme.example", MemberRole.Auditor);
        using var auditor = await api.SignedInAsync("vera@acme.example");
        await using (var connection = await api.Store.Database.ConnectAsync(Cancel))
        await using (var transaction = await connection.BeginTransactionAsync(Cancel))
        {
            await connection.ExecuteAsync("LOCK TABLE journal_entries IN ACCESS EXCLUSIVE MODE", transaction: transaction);
            (await SentAsync(auditor, "close")).Should().Contain("Adding up the month").And.NotContain("Trial balance");
        }
        (await PageAsync(auditor, "close")).Should().Contain("Trial balance");
    }

    private static async Task<string> PageAsync(Browser browser, string path)
    {
        var page = await SentAsync(browser, path);
        while (page.Contains("class=\"loading\"", StringComparison.Ordinal)) page = await SentAsync(browser, path);
        return page;
    }

    private static async Task<string> SentAsync(Browser browser, string path)
    {
        using var answer = await browser.Http.GetAsync(Root + path, Cancel);
        answer.StatusCode.Should().Be(HttpStatusCode.OK, path);
        // As people read it: what is written with references is the same.
        return WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Cancel));
    }

    private sealed class World : IAsyncDisposable
    {
        private ControlHarness _api = null!;
        private Books _books = null!;

        public Guid Spent { get; private set; }

        public Guid Theirs { get; private set; }

        public Guid Open { get; private set; }

        public Guid Refused { get; private set; }

        public static async Task<World> StartAsync()
        {
            var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, options: People.Plain);
            await api.ApplyAsync(Files.Acme);
            var books = await Books.OpenAsync(api);
            var world = new World
            {
                _api = api, _books = books, Spent = await books.SpendAsync("ada"), Theirs = await books.SpendAsync("crawler-key"),
                Open = await books.ReserveAsync("crawler-key"), Refused = await books.RefuseAsync("ada"),
            };
            using var job = new RollupJob(api.Store.Database, TimeProvider.System, NullLogger<RollupJob>.Instance);
            await job.TakeAllAsync(Cancel);
            return world;
        }

        public async Task<Browser> SignInAsync(MemberRole role, params string[] scopes)
        {
            var email = $"{MemberRoles.NameOf(role)}@acme.example";
            await _api.AddPersonAsync(email);
            await _api.AddMemberAsync(email, role, scopes);
            return await _api.SignedInAsync(email);
        }

        public async ValueTask DisposeAsync()
        {
            await _books.DisposeAsync();
            await _api.DisposeAsync();
        }
    }
}
