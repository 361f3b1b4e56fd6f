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
using Spendra.Control.Dashboard;
using Spendra.Control.Members;
using Spendra.Control.Policies;
using Spendra.Control.Providers;
using Spendra.Control.Reconciliation;
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
    private Func<object?> _answer = () => null;

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
    public async Task A_second_click_on_a_form_is_the_same_creation_and_the_next_form_another()
    {
        Keep("alert-rules", new Page<AlertRuleView>([], null));
        Keep("alert-channels", new Page<ChannelView>([], null));
        _answer = () => new AlertRuleView("search-money", null, "info", null, [], false, 1);
        var list = Show<AlertRuleList>("?tab=rules&new=rule");

        var first = list.Find("form").SubmitAsync();
        var second = list.Find("form").SubmitAsync();
        _answering.SetResult();
        await Task.WhenAll(first, second);
        _page.Services.GetRequiredService<NavigationManager>().NavigateTo("/org/acme/notifications?tab=rules&new=rule");
        await list.Find("form").SubmitAsync();

        _sent.Should().HaveCount(3);
        _sent[0].Key.Should().NotBeNullOrEmpty().And.Be(_sent[1].Key);
        _sent[2].Key.Should().NotBeNullOrEmpty().And.NotBe(_sent[0].Key);
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

    private void Keep(string path, object view) => _kept[path == "me" ? path : $"organizations/acme/{path}"] = view;

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!["/api/v1/".Length..];
        object? answer;
        if (HttpMethods.IsGet(http.Request.Method))
        {
            answer = _kept.GetValueOrDefault(path);
        }
        else
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
            _sent.Add(new SentCall(http.Request.Headers["idempotency-key"].ToString(), body));
            answer = _answer();
            await _answering.Task;
        }
        http.Response.StatusCode = answer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
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

    private sealed record SentCall(string Key, JsonElement Body);

    private sealed class Nobody : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity())));
    }
}
