using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Shell;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Tests.SignIn;

/// <summary>What does not depend on the database: cookies, addresses, limits, logs.</summary>
public sealed class PublicAddressTests
{
    private const string Ada = "ada@acme.example";

    private static readonly ControlOptions Public = People.Plain with { IsPlainHttp = false, PublicUrl = new Uri("https://spend.acme.example") };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cookies_are_secure_httponly_and_bound_to_the_host()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, options: Public);
        await api.AddPersonAsync(Ada);

        var cookies = await SetCookiesAsync(api);

        cookies.Should().HaveCount(2);
        cookies.Single(c => c.StartsWith("__Host-spendra-session=", StringComparison.Ordinal)).Should()
            .Contain("; secure").And.Contain("; httponly").And.Contain("; samesite=lax").And.Contain("; path=/").And.NotContain("domain");
        cookies.Single(c => c.StartsWith("__Host-spendra-antiforgery=", StringComparison.Ordinal)).Should()
            .Contain("; secure").And.Contain("; httponly").And.Contain("; samesite=strict").And.Contain("; path=/");
    }

    [Fact]
    public async Task On_loopback_http_they_are_not_secure_and_everything_else_all_the_same()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, options: People.Plain);
        await api.AddPersonAsync(Ada);

        (await SetCookiesAsync(api)).Should().HaveCount(2).And.OnlyContain(c => c.Contains("; httponly") && c.Contains("; samesite=") && !c.Contains("secure"));
    }

    [Fact]
    public async Task A_session_works_behind_a_proxy_that_ends_tls_and_the_callers_host_counts_for_nothing()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, options: Public);
        await api.ApplyAsync(Files.Acme);
        await api.AddPersonAsync(Ada, MemberRole.OrgAdmin);
        var client = api.Client(null);
        client.Http.DefaultRequestHeaders.Host = "evil.example";
        using var signedIn = await client.Http.PostAsJsonAsync(Browser.Session, new { email = Ada, password = Browser.Password }, Cancel);
        client.Http.DefaultRequestHeaders.Add("Cookie", string.Join("; ", signedIn.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0])));
        (await client.PostAsync("/teams", new { slug = "maps" })).ProblemType.Should().Be("antiforgery-required");
        var token = (await client.GetAsync(Browser.Session)).Json.GetProperty("antiforgeryToken").GetString();
        client.Http.DefaultRequestHeaders.Add(SessionAuthentication.AntiforgeryHeader, token);

        (await client.PostAsync("/teams", new { slug = "maps" })).Status.Should().Be(201);
        var options = await client.PostAsync($"{Browser.Session}/passkeys/options");
        options.Json.GetProperty("options").GetProperty("rp").GetProperty("id").GetString().Should().Be("spend.acme.example");
    }

    [Fact]
    public async Task Attempts_are_limited_by_account_whether_there_is_one_or_not_and_by_address()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, options: People.Plain with { SignInsPerMinute = 3, SignInsPerMinuteOfAddress = 8 });
        var client = api.Client(null);

        foreach (var email in new[] { "one@acme.example", "two@acme.example" })
        {
            for (var i = 0; i < 3; i++) (await client.PostAsync(Browser.Session, new { email, password = "some wrong password" })).Status.Should().Be(401);
        }
        using var limited = await client.Http.PostAsJsonAsync(Browser.Session, new { email = "ONE@acme.example", password = "some wrong password" }, Cancel);
        limited.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        limited.Headers.RetryAfter!.Delta.Should().BeGreaterThan(TimeSpan.Zero);
        (await client.PostAsync(Browser.Session, new { email = "three@acme.example", password = "some wrong password" })).Status.Should().Be(401);
        (await client.PostAsync(Browser.Session, new { email = "four@acme.example", password = "some wrong password" })).ProblemType.Should().Be("too-many-requests");
        (await client.PostAsync($"{Browser.Session}/passkey/options")).ProblemType.Should().Be("too-many-requests");
        (await client.GetAsync($"{Browser.Session}/methods")).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_proxy_says_who_calls_only_where_it_is_trusted()
    {
        var limits = People.Plain with { SignInsPerMinuteOfAddress = 1 };
        await using var trusting = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, options: limits with { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")] });
        await using var other = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, options: limits);

        (await AttemptAsync(trusting, "192.0.2.1")).Should().Be(401);
        (await AttemptAsync(trusting, "192.0.2.2")).Should().Be(401);
        (await AttemptAsync(trusting, "192.0.2.1")).Should().Be(429);
        (await AttemptAsync(trusting, "192.0.2.77, 192.0.2.1")).Should().Be(429, "what the caller itself wrote before the proxy counts for nothing");
        (await AttemptAsync(other, "192.0.2.1")).Should().Be(401);
        (await AttemptAsync(other, "192.0.2.2")).Should().Be(429);
    }

    [Fact]
    public async Task Nothing_secret_is_logged()
    {
        var logs = new Logs();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, services =>
        {
            services.AddSingleton<ILoggerProvider>(logs);
            services.AddSingleton<TimeProvider>(time);
            // As the program sets it: everything of ours, warnings of the framework's.
            services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddFilter("Microsoft", LogLevel.Warning));
        }, People.Plain with { Jwt = new JwtOptions { Issuer = "https://issuer.example", Audience = "a", Secret = "canary-jwt-secret-canary-jwt-secret" } });
        var app = await api.WithAppAsync(Ada, time);
        using var browser = new Browser(api.Root);
        var first = await browser.SignInAsync(Ada);
        var ticket = first.Json.GetProperty("ticket").GetString()!;
        await browser.SignInAsync(Ada, "canary-wrong-password");
        await browser.SecondStepAsync(ticket, "000000");
        await browser.SecondStepAsync(ticket, recoveryCode: app.Recovery[0]);
        await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "canary-new-password" });
        await browser.Calls.PostAsync(Browser.Session, """{"email":7,"password":"canary-wrong-type"}""");
        var client = api.Client(null);
        client.Http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiJqd3QifQ.c2lnbmF0dXJlLWNhbmFyeQ");
        await client.GetAsync(Browser.Session);

        var text = string.Join('\n', logs.Lines);
        logs.Lines.Should().NotBeEmpty();
        text.Should().Contain("signed in by two_factor");
        string[] secrets =
        [
            Browser.Password, "canary-", app.Secret, ticket, .. app.Recovery, "eyJjYW5hcnkiOiJqd3QifQ", "c2lnbmF0dXJlLWNhbmFyeQ",
            .. browser.Cookies.GetAllCookies().Select(c => c.Value), .. browser.Http.DefaultRequestHeaders.GetValues(SessionAuthentication.AntiforgeryHeader),
        ];
        foreach (var secret in secrets) text.Should().NotContain(secret);
        new UserAccount { UserId = Guid.Empty, Email = Ada, PasswordHash = "hash" }.ToString().Should().NotContain("hash");
    }

    private static async Task<int> AttemptAsync(ControlHarness api, string forwardedFor)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(api.Root, Browser.Session));
        request.Headers.Add("X-Forwarded-For", forwardedFor);
        request.Content = JsonContent.Create(new { email = $"{Guid.NewGuid():N}@acme.example", password = "some wrong password" });
        using var answer = await api.Client(null).Http.SendAsync(request, Cancel);
        return (int)answer.StatusCode;
    }

    private static async Task<List<string>> SetCookiesAsync(ControlHarness api)
    {
        using var answer = await api.Client(null).Http.PostAsJsonAsync(Browser.Session, new { email = Ada, password = Browser.Password }, Cancel);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        return [.. answer.Headers.GetValues("Set-Cookie")];
    }

    private sealed class Logs : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
