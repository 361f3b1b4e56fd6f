using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using Microsoft.Playwright;
using Spendra.Control.Dashboard;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Browser;

/// <summary>What stands before pages and their connections.</summary>
public sealed class PageGateTests(Chromium chromium, DemoSite demo) : IClassFixture<Chromium>, IClassFixture<DemoSite>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("http://127.0.0.1:1", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.OK)]
    public async Task A_connection_is_taken_from_pages_of_this_address_alone(string? origin, HttpStatusCode status)
    {
        using var http = await demo.SignInAsync("ida@acme.example", Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
        request.Headers.Add("Origin", origin ?? demo.Url);
        using var response = await http.SendAsync(request, Cancel);
        response.StatusCode.Should().Be(status);
    }

    [Fact]
    public async Task A_session_has_so_many_pages_open_and_no_more_until_one_is_closed()
    {
        var vera = await demo.CookieAsync("vera@acme.example", Cancel);
        var jean = await demo.CookieAsync("jean@acme.example", Cancel);
        var open = new Stack<ClientWebSocket>();
        try
        {
            while (await ConnectAsync(vera) is { } page) open.Push(page);
            open.Should().HaveCount(PageConnections.Most);
            using (var other = await ConnectAsync(jean)) other.Should().NotBeNull("another session has its own");

            using (var closed = open.Pop()) closed.Abort();
            var again = await ConnectAsync(vera);
            while (again is null) again = await ConnectAsync(vera);
            open.Push(again);
        }
        finally
        {
            foreach (var page in open) page.Dispose();
        }

        // Null where the server says that there are too many.
        async Task<ClientWebSocket?> ConnectAsync(string cookie)
        {
            var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("Cookie", cookie);
            try
            {
                await socket.ConnectAsync(new UriBuilder(demo.Url) { Scheme = "ws", Path = "/_blazor" }.Uri, Cancel);
                return socket;
            }
            catch (WebSocketException)
            {
                socket.HttpStatusCode.Should().Be(HttpStatusCode.TooManyRequests);
                socket.Dispose();
                return null;
            }
        }
    }

    [Fact]
    public async Task Pages_carry_a_policy_that_lets_in_no_script_but_this_servers_and_are_kept_by_nobody()
    {
        using var http = await demo.SignInAsync("ida@acme.example", Cancel);
        using var response = await http.GetAsync(new Uri("/org/acme/", UriKind.Relative), Cancel);
        var policy = response.Headers.GetValues("Content-Security-Policy").Should().ContainSingle().Subject;
        policy.Should().Contain("default-src 'none'").And.Contain("script-src 'self';").And.Contain("frame-ancestors 'none'");
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
    }

    [Theory]
    [InlineData("/org/acme/budgets", "/org/acme/budgets")]
    [InlineData("//evil.example/", "/org/acme/")]
    [InlineData("/%09/evil.example", "/org/acme/")]
    [InlineData("/%5Cevil.example", "/org/acme/")]
    [InlineData("https://evil.example/", "/org/acme/")]
    public async Task Signing_in_leads_to_a_page_of_this_server(string then, string path)
    {
        await using var ida = await Visitor.ComeAsync(chromium.Browser, demo.Url);
        await ida.SignInAsync("ida@acme.example", demo.Password, $"?then={then}");
        await ida.AliveAsync();
        var address = new Uri(ida.Page.Url);
        (address.GetLeftPart(UriPartial.Authority), address.AbsolutePath).Should().Be((demo.Url, path));
    }

    [Fact]
    public async Task Who_signs_out_everywhere_sees_no_more_of_a_page_that_is_still_open()
    {
        await using var vera = await Visitor.ComeAsync(chromium.Browser, demo.Url);
        await vera.SignInAsync("vera@acme.example", demo.Password);
        await vera.OpenAsync("/org/acme/budgets");
        using var elsewhere = await demo.SignInAsync("vera@acme.example", Cancel);
        var session = await elsewhere.GetFromJsonAsync<System.Text.Json.JsonElement>("/api/v1/session", Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/session/sign-out-everywhere");
        request.Headers.Add("x-spendra-antiforgery", session.GetProperty("antiforgeryToken").GetString());
        (await elsewhere.SendAsync(request, Cancel)).StatusCode.Should().Be(HttpStatusCode.OK);

        await Assertions.Expect(vera.Page.Locator(".failure")).ToContainTextAsync("Sign in first.", new() { Timeout = 15_000 });
        await Assertions.Expect(vera.Page.GetByRole(AriaRole.Link, new() { Name = "acme-month" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_is_not_there_is_said_and_is_a_404()
    {
        using var http = await demo.SignInAsync("ida@acme.example", Cancel);
        using var response = await http.GetAsync(new Uri("/org/acme/nowhere/at/all", UriKind.Relative), Cancel);
        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(Cancel)).Should().Contain("There is nothing here");
    }

    [Fact]
    public async Task Pages_lead_on_to_the_address_at_which_people_are()
    {
        await using var site = await Site.CreateAsync();
        // Not where it listens: something stands in front.
        site.Variables["SPENDRA__CONTROL__PUBLICURL"] = "http://127.0.0.1:8443";
        await site.ApplyAsync(Acme.Declaration(adaUsd: "1"));
        var served = await site.ServeAsync();
        await JourneyTests.JoinAsync(site, served, "root@acme.example", "org_admin");
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = served.Url };
        using var signedIn = await http.PostAsJsonAsync("/api/v1/session", new { email = "root@acme.example", password = JourneyTests.Password }, Cancel);
        signedIn.IsSuccessStatusCode.Should().BeTrue();
        using var home = await http.GetAsync(new Uri("/", UriKind.Relative), Cancel);
        home.Headers.Location.Should().Be(new Uri("http://127.0.0.1:8443/org/acme/"));
    }

    [Fact]
    public async Task Without_scripts_a_password_is_sent_in_no_address()
    {
        await using var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions { JavaScriptEnabled = false });
        var page = await context.NewPageAsync();
        await page.GotoAsync($"{demo.Url}/sign-in");
        await page.GetByLabel("E-mail address").FillAsync("ida@acme.example");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(demo.Password);
        await page.GetByLabel("Password", new() { Exact = true }).PressAsync("Enter");
        await page.WaitForLoadStateAsync();
        page.Url.Should().NotContain(demo.Password);
    }
}
