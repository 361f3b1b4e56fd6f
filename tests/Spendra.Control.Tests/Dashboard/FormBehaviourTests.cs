using System.Security.Claims;
using System.Text.Json;
using Bunit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor.Services;
using Spendra.Control.Alerts;
using Spendra.Control.Budgets;
using Spendra.Control.Dashboard;
using Spendra.Control.Ledger;
using Spendra.Control.Members;
using Spendra.Control.Overview;
using Spendra.Control.Policies;
using Spendra.Control.Providers;
using Spendra.Control.Reconciliation;
using Spendra.Control.Reports;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>What forms do with a second click, and with what is typed in them. The management API is answered for here.</summary>
public sealed class FormBehaviourTests : IAsyncDisposable
{
    private static readonly DateTime Noon = new(2026, 11, 1, 12, 0, 0, DateTimeKind.Utc);

    private readonly BunitContext _page = new();
    private readonly List<SentCall> _sent = [];
    private readonly Dictionary<string, object> _kept = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _answering = new();
    private readonly Dictionary<string, long> _versions = new(StringComparer.Ordinal);
    private Func<object?> _answer = () => null;
    private int _status = StatusCodes.Status200OK;

    public FormBehaviourTests()
    {
        var services = _page.Services;
        services.AddMudServices();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IHttpContextFactory, DefaultHttpContextFactory>();
        services.AddSingleton<AuthenticationStateProvider, Nobody>();
        services.AddSingleton(_ => PipelineTo(AnswerAsync));
        services.AddScoped<PageCalls>();
        services.AddScoped<Visit>();
        _page.AddBunitPersistentComponentState();
        _page.JSInterop.Mode = JSRuntimeMode.Loose;
        _page.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        Keep("me", new MeView(Guid.Empty, "ada@acme.example", "Ada", null,
            [new MembershipView("acme", "Acme", "UTC", Guid.Empty, "org_admin", true, [], null, null, [.. Capabilities.All.Select(Capabilities.NameOf)])]));
    }

    public ValueTask DisposeAsync() => _page.DisposeAsync();

    [Fact]
    public async Task A_second_click_makes_no_second_token_and_the_secret_of_the_first_stays()
    {
        Keep("tokens", new Page<TokenView>([], null));
        _answer = () => new CreatedTokenView(new TokenView("t1", "nightly", Guid.Empty, "ada", [], "live", Noon, Noon, null), "the-secret");
        var list = Show<TokenList>("?new=token");

        var first = list.Find("form").SubmitAsync();
        var second = list.Find("form").SubmitAsync();
        _answering.SetResult();
        await Task.WhenAll(first, second);

        _sent.Should().ContainSingle();
        list.Find("#token").TextContent.Should().Be("the-secret");
    }

    [Fact]
    public async Task A_second_click_sends_nothing_and_what_may_have_been_made_is_sent_again_as_the_same()
    {
        Keep("alert-rules", new Page<AlertRuleView>([], null));
        Keep("alert-channels", new Page<ChannelView>([], null));
        _answer = () => new AlertRuleView("search-money", null, "info", null, [], false, 1);
        var list = Show<AlertRuleList>("?tab=rules&new=rule");

        var first = list.Find("form").SubmitAsync();
        var second = list.Find("form").SubmitAsync();
        _answering.SetResult();
        await Task.WhenAll(first, second);
        _sent.Should().ContainSingle("the second click came while the first was on its way");

        _status = StatusCodes.Status503ServiceUnavailable;
        await SubmitAnewAsync();
        _status = StatusCodes.Status200OK;
        await list.Find("form").SubmitAsync();
        await SubmitAnewAsync();
        _sent.Select(s => s.Key).Should().NotContain("").And.HaveCount(4);
        _sent[2].Key.Should().Be(_sent[1].Key, "nobody knows whether that was made");
        new[] { _sent[0].Key, _sent[1].Key, _sent[3].Key }.Should().OnlyHaveUniqueItems();

        async Task SubmitAnewAsync()
        {
            _page.Services.GetRequiredService<NavigationManager>().NavigateTo("/org/acme/notifications?tab=rules&new=rule");
            await list.Find("form").SubmitAsync();
        }
    }

    [Fact]
    public async Task An_amount_is_changed_as_of_what_was_shown_when_it_was_typed()
    {
        var budget = new BudgetView("search-month", "team/search", NanoUsd.FromUsd(500), [], "month", "UTC", null, null, null, null, null, false, 1);
        Keep("budgets/search-month", budget, version: 1);
        Keep("budgets/search-month/windows", new Page<WindowView>([], null));
        Keep("ledger/reservations", new Page<ReservationView>([], null));
        _answer = () => budget;
        _answering.SetResult();
        var page = Show<BudgetPage>("", ("Slug", "search-month"));
        page.Find("#amount").Change("600");

        Keep("budgets/search-month", budget with { AmountUsd = NanoUsd.FromUsd(50), Version = 2 }, version: 2);
        page.Render(p => p.Add(x => x.Slug, "search-month"));
        page.Find("#amount").GetAttribute("value").Should().Be("600", "what is typed stays");
        await page.Find("form").SubmitAsync();
        _sent.Single().Version.Should().Be("\"1\"", "the colleague's 50 is not overwritten unseen");
    }

    [Fact]
    public void What_is_held_is_a_sum_the_budget_is_that_of_everything_and_refusals_are_counted_whole()
    {
        var now = DateTime.UtcNow;
        Keep("budgets", new Page<BudgetView>([Budget("openai-month", 100), Budget("all-month", 1_000)], null));
        Keep("policies", new Page<PolicyView>([Cap("openai-cap", "openai-month", new PolicyFilterBody { Providers = ["openai"] }), Cap("all-cap", "all-month", null)], null));
        Keep("ledger/reservations", new Page<ReservationView>([Held(10), Held(20)], null));
        Keep("alerts", new Page<AlertView>([], null));
        Keep("reports/usage", new Report<UsageSum>([new UsageSum(now.Date, null, NanoUsd.FromUsd(850), default, 3, 0, 0, default, default, default, 0, 0, 0, 0, 0)], null, now, false));
        Keep("reports/refusals", new Report<RefusalSum>([.. Enumerable.Range(0, 10).Select(n => new RefusalSum(now.Date, null, $"code_{n}", 1))], null, now, false));

        var text = Show<OverviewPage>("").Find(".figures").TextContent;
        text.Should().Contain("Held now$30.00").And.Contain("85 % of $1,000.00").And.Contain("Refused this month10");

        static BudgetView Budget(string slug, long usd) => new(slug, "organization", NanoUsd.FromUsd(usd), [], "month", "UTC", null, null, null, null,
            new WindowView(null, null, NanoUsd.FromUsd(usd), default, default, NanoUsd.FromUsd(usd), null, null, null), false, 1);
        static PolicyView Cap(string slug, string budget, PolicyFilterBody? filter) =>
            new(slug, "hard_cap", "organization", budget, null, null, null, filter, null, null, null, null, null, null, null, false, null, null, 1);
        static ReservationView Held(long usd) => new(Guid.CreateVersion7(), "ada", "employee/ada", "openai", "m", "chat", null, NanoUsd.FromUsd(usd), Noon, Noon);
    }

    [Fact]
    public async Task An_earlier_answer_that_comes_late_does_not_stand_over_a_later_one()
    {
        var page = _page.Render<Probe>(p => p.Add(x => x.Organization, "early"));
        page.Render(p => p.Add(x => x.Organization, "late"));
        page.Instance.Gates["late"].SetResult();
        page.Instance.Gates["early"].SetResult();
        await page.WaitForStateAsync(() => page.Instance.Shown.Count == 2);
        page.Instance.Shown[^1].Should().Be("late");
    }

    [Fact]
    public async Task Setting_prices_keeps_the_address_that_is_being_typed()
    {
        var server = new AccountView("finder", "mcp", "https://old.example", new CredentialView("none", null), new Dictionary<string, string>(), 100, [], false, false, false, 1);
        Keep("mcp-servers/finder", server);
        Keep("mcp-servers/finder/tools", new ToolPricesView(new Dictionary<string, NanoUsd>(), null));
        _answer = () => new ToolPricesView(new Dictionary<string, NanoUsd>(), NanoUsd.FromUsd(1));
        _answering.SetResult();
        var page = Show<ToolPage>("", ("Slug", "finder"));
        page.Find("#base-url").Change("https://new.example");

        Keep("mcp-servers/finder", server with { Version = 2 });
        await page.Find("form:has(#tool-prices)").SubmitAsync();
        page.Find("#base-url").GetAttribute("value").Should().Be("https://new.example");

        Keep("mcp-servers/finder", server with { BaseUrl = "https://moved.example", Version = 3 });
        await page.Find("form:has(#tool-prices)").SubmitAsync();
        page.Find("#base-url").GetAttribute("value").Should().Be("https://moved.example", "somebody else changed what is kept");
    }

    [Fact]
    public async Task Estimated_calls_are_asked_for_from_the_beginning_but_by_the_button_for_the_next_ones()
    {
        Keep("provider-accounts", new Page<AccountView>(
            [new AccountView("router", "openrouter", "https://or.example", new CredentialView("none", null), new Dictionary<string, string>(), 100, [], false, false, false, 1)], null));
        var next = Guid.CreateVersion7();
        _answer = () => new LookupView([], 0, 0, 0, 0, next, null);
        _answering.SetResult();
        var form = Show<LookupForm>("");

        await form.Find("form").SubmitAsync();
        await form.Find("section button").ClickAsync(new());
        await form.Find("form").SubmitAsync();
        _sent.Select(s => s.Body.GetProperty("after").ValueKind == JsonValueKind.Null ? (Guid?)null : s.Body.GetProperty("after").GetGuid()).Should().Equal(null, next, null);

        form.Find("#month").Change("2026-09");
        form.FindAll("section").Should().BeEmpty("what was found is of another month");
    }

    [Fact]
    public void The_page_of_a_new_policy_has_nothing_of_the_one_that_was_shown()
    {
        Keep("budgets", new Page<object>([], null));
        Keep("policies/only-mini", new PolicyView("only-mini", "allowlist", "team/search", null, null, ["mini"], null, null, null, null, null, null, null, null, null, false, null, null, 1));
        Keep("audit/records", new Page<object>([], null));
        var page = Show<PolicyPage>("", ("Slug", "only-mini"));
        page.Find("#scope").GetAttribute("value").Should().Be("team/search");

        page.Render(p => p.Add(x => x.Slug, null));
        page.Find("#scope").GetAttribute("value").Should().BeNullOrEmpty();
        page.Find("#kind").GetAttribute("value").Should().Be("hard_cap");
    }

    private IRenderedComponent<T> Show<T>(string query, params (string Name, object Value)[] parameters) where T : DashboardPage
    {
        _page.Services.GetRequiredService<NavigationManager>().NavigateTo("/org/acme/notifications" + query);
        return _page.Render<T>(p =>
        {
            p.Add(x => x.Organization, "acme");
            foreach (var (name, value) in parameters) p.TryAdd(name, value);
        });
    }

    private void Keep(string path, object view, long? version = null)
    {
        var full = path == "me" ? path : $"organizations/acme/{path}";
        _kept[full] = view;
        if (version is { } known) _versions[full] = known;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!["/api/v1/".Length..];
        object? answer;
        if (HttpMethods.IsGet(http.Request.Method))
        {
            answer = _kept.GetValueOrDefault(path);
            if (_versions.TryGetValue(path, out var version)) http.Response.Headers.ETag = EntityTag.Of(version);
        }
        else
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
            _sent.Add(new SentCall(http.Request.Headers["idempotency-key"].ToString(), http.Request.Headers.IfMatch.ToString(), body));
            answer = _status == StatusCodes.Status200OK ? _answer() : null;
            await _answering.Task;
        }
        http.Response.StatusCode = answer is not null ? StatusCodes.Status200OK : _status != StatusCodes.Status200OK ? _status : StatusCodes.Status404NotFound;
        await JsonSerializer.SerializeAsync(http.Response.Body, answer ?? new Dictionary<string, object> { ["title"] = $"There is no {path}." }, ControlJson.Options);
    }

    private static ApiPipeline PipelineTo(RequestDelegate end)
    {
        var (pipeline, app) = (new ApiPipeline(), new ApplicationBuilder(new ServiceCollection().BuildServiceProvider()));
        pipeline.Capture(app);
        app.Run(end);
        app.Build();
        return pipeline;
    }

    private sealed record SentCall(string Key, string Version, JsonElement Body);

    private sealed class Probe : DashboardPage
    {
        public Dictionary<string, TaskCompletionSource> Gates { get; } = new() { ["early"] = new(), ["late"] = new() };

        public List<string> Shown { get; } = [];

        protected override async Task LoadAsync()
        {
            var asked = Organization;
            await Gates[asked].Task;
            Shown.Add(asked);
        }
    }

    private sealed class Nobody : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity())));
    }
}
