using System.Net;
using System.Net.Http.Json;
using Spendra.Control.Shell;
using Spendra.Control.SignIn;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage.Access;

namespace Spendra.Control.Tests.SignIn;

/// <summary>Somebody at a browser: cookies are kept, and the antiforgery token is sent along.</summary>
internal sealed class Browser : IDisposable
{
    public const string Password = "correct horse battery";
    public const string Session = "/api/v1/session";

    private readonly HttpClientHandler _handler;

    public Browser(Uri root, CookieContainer? cookies = null)
    {
        _handler = new HttpClientHandler { CookieContainer = cookies ?? new CookieContainer(), AllowAutoRedirect = false };
        Http = new HttpClient(_handler) { BaseAddress = root };
        Calls = new ControlClient(Http);
    }

    public HttpClient Http { get; }

    public ControlClient Calls { get; }

    public CookieContainer Cookies => _handler.CookieContainer;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A browser with the same cookies, as a thief of them has it.</summary>
    public Browser Copy()
    {
        var copy = new CookieContainer();
        copy.Add(Cookies.GetAllCookies());
        return new Browser(Http.BaseAddress!, copy);
    }

    public Task<ControlAnswer> GetSessionAsync() => Calls.GetAsync(Session);

    public async Task<ControlAnswer> SignInAsync(string email, string password = Password)
    {
        var answer = await Calls.PostAsync(Session, new { email, password });
        TakeToken(answer);
        return answer;
    }

    public async Task<ControlAnswer> SecondStepAsync(string ticket, string? code = null, string? recoveryCode = null)
    {
        var answer = await Calls.PostAsync($"{Session}/two-factor", new { ticket, code, recoveryCode });
        TakeToken(answer);
        return answer;
    }

    /// <summary>Reads the token anew, as a page does when it is loaded.</summary>
    public async Task ReloadAsync() => TakeToken(await GetSessionAsync());

    public void TakeToken(ControlAnswer answer)
    {
        if (answer.Status != 200) return;
        var session = answer.Json.TryGetProperty("session", out var inner) ? inner : answer.Json;
        if (session.ValueKind != System.Text.Json.JsonValueKind.Object || !session.TryGetProperty("antiforgeryToken", out var token)) return;
        Http.DefaultRequestHeaders.Remove(SessionAuthentication.AntiforgeryHeader);
        if (token.GetString() is { } text) Http.DefaultRequestHeaders.Add(SessionAuthentication.AntiforgeryHeader, text);
    }

    public void Dispose() => Http.Dispose();
}

internal static class People
{
    public static ControlOptions Plain { get; } = new() { IsPlainHttp = true, SignInsPerMinute = 1_000, SignInsPerMinuteOfAddress = 10_000 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A person with a password, set with a ticket of the operator's; a member when a role is given.</summary>
    public static async Task<Guid> AddPersonAsync(this ControlHarness api, string email, MemberRole? role = null, string password = Browser.Password)
    {
        var userId = role is null
            ? await UserDirectory.FindOrAddAsync(api.Store.Database, email, email, 1, Cancel)
            : (await api.AddMemberAsync(email, role)).UserId;
        var ticket = await PasswordLinks.IssueAsync(api.Store.Database, TimeProvider.System, email, new Spendra.Storage.Governance.ChangeAuthor("operator", "test"), Cancel);
        using var client = new HttpClient { BaseAddress = api.Root };
        using var answer = await client.PostAsync($"{Browser.Session}/password-link", JsonContent.Create(new { ticket, newPassword = password }), Cancel);
        answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Cancel));
        return userId;
    }

    /// <summary>A browser whose person has signed in.</summary>
    public static async Task<Browser> SignedInAsync(this ControlHarness api, string email)
    {
        var browser = new Browser(api.Root);
        var answer = await browser.SignInAsync(email);
        answer.Status.Should().Be(200, answer.Body);
        answer.Json.GetProperty("state").GetString().Should().Be("signed_in");
        return browser;
    }
}
