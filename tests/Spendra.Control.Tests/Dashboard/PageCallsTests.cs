using System.Security.Claims;
using System.Text.Json;
using Bunit;
using Bunit.TestDoubles;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Dashboard;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>What a page brings along, and what its calls look like to the management API.</summary>
public sealed class PageCallsTests : IAsyncDisposable
{
    private const string Kept = "answers";

    private static CancellationToken Cancel => Xunit.TestContext.Current.CancellationToken;

    private readonly BunitContext _page = new();
    private readonly BunitPersistentComponentState _state;
    private readonly List<string> _paths = [];
    private int _bodyChars = 10;

    public PageCallsTests()
    {
        _page.Services.AddSingleton<IHttpContextFactory, DefaultHttpContextFactory>();
        _page.Services.AddSingleton<AuthenticationStateProvider, Nobody>();
        _page.Services.AddSingleton(_ => Pipeline());
        _page.Services.AddScoped<PageCalls>();
        _state = _page.AddBunitPersistentComponentState();
    }

    private PageCalls Calls => _page.Services.GetRequiredService<PageCalls>();

    public ValueTask DisposeAsync() => _page.DisposeAsync();

    [Fact]
    public async Task What_a_page_was_first_shown_with_goes_along_with_it()
    {
        (await Calls.GetAsync<string>("organizations/acme/budgets", Cancel)).Value.Should().HaveLength(10);
        _state.TriggerOnPersisting();
        _state.TryTake<JsonElement>(Kept, out var kept).Should().BeTrue();
        kept.EnumerateObject().Select(p => p.Name).Should().Equal("organizations/acme/budgets");
    }

    [Fact]
    public async Task A_page_that_is_alive_keeps_nothing()
    {
        await Calls.GetAsync<string>("organizations/acme/budgets", Cancel);
        Calls.GoLive();
        await Calls.GetAsync<string>("organizations/acme/keys", Cancel);
        _state.TriggerOnPersisting();
        _state.TryTake<JsonElement>(Kept, out _).Should().BeFalse();
    }

    [Fact]
    public async Task What_is_too_much_to_travel_is_asked_for_again()
    {
        _bodyChars = 128 * 1024;
        await Calls.GetAsync<string>("organizations/acme/budgets", Cancel);
        _state.TriggerOnPersisting();
        _state.TryTake<JsonElement>(Kept, out _).Should().BeFalse();
    }

    [Fact]
    public async Task A_name_with_a_slash_stays_one_name()
    {
        await Calls.GetAsync<string>($"organizations/acme/keys/{Uri.EscapeDataString("a/../revoke?x=1")}?limit=1", Cancel);
        _paths.Should().Equal("/api/v1/organizations/acme/keys/a%2F..%2Frevoke?x=1 ?limit=1");
    }

    private ApiPipeline Pipeline()
    {
        var (pipeline, app) = (new ApiPipeline(), new ApplicationBuilder(new ServiceCollection().BuildServiceProvider()));
        pipeline.Capture(app);
        app.Run(async http =>
        {
            _paths.Add($"{http.Request.Path.Value} {http.Request.QueryString}");
            await JsonSerializer.SerializeAsync(http.Response.Body, new string('x', _bodyChars));
        });
        app.Build();
        return pipeline;
    }

    private sealed class Nobody : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity())));
    }
}
