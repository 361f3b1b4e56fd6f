using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Shell;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Tests.SignIn;

/// <summary>Signing in with a password, and out, on either engine.</summary>
public abstract class SessionContract(DatabaseEngine engine)
{
    private const string Ada = "ada@acme.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_signs_in_works_as_the_member_they_are_and_signs_out()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada, MemberRole.OrgAdmin);
        using var browser = new Browser(api.Root);

        (await browser.GetSessionAsync()).Status.Should().Be(401);
        var signedIn = await browser.SignInAsync("Ada@ACME.example");
        signedIn.Status.Should().Be(200, signedIn.Body);
        signedIn.Json.GetProperty("session").GetProperty("method").GetString().Should().Be("password");
        (await browser.GetSessionAsync()).Json.GetProperty("email").GetString().Should().Be(Ada);
        (await browser.Calls.PostAsync("/teams", new { slug = "maps" })).Status.Should().Be(201);
        using var stolen = browser.Copy();

        var signedOut = await browser.Calls.PostAsync($"{Browser.Session}/sign-out");

        signedOut.Status.Should().Be(200, signedOut.Body);
        browser.Cookies.GetAllCookies().Should().NotContain(c => c.Name == "spendra-session");
        (await stolen.GetSessionAsync()).Status.Should().Be(401, "a copy of the cookie ends with the session");
    }

    [Fact]
    public async Task A_call_that_changes_something_without_the_antiforgery_token_is_refused()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada, MemberRole.OrgAdmin);
        await api.AddPersonAsync("bob@acme.example", MemberRole.OrgAdmin);
        using var browser = await api.SignedInAsync(Ada);
        using var other = await api.SignedInAsync("bob@acme.example");

        using var bare = browser.Copy();
        var refused = await bare.Calls.PostAsync("/teams", new { slug = "forged" });
        refused.Status.Should().Be(403);
        refused.ProblemType.Should().Be("antiforgery-required");
        bare.Http.DefaultRequestHeaders.Add(SessionAuthentication.AntiforgeryHeader,
            other.Http.DefaultRequestHeaders.GetValues(SessionAuthentication.AntiforgeryHeader));
        (await bare.Calls.PostAsync("/teams", new { slug = "forged" })).ProblemType.Should().Be("antiforgery-required", "it is somebody else's token");
        (await bare.Calls.PutAsync("/teams/search", new { name = "Forged" })).ProblemType.Should().Be("antiforgery-required");
        (await bare.Calls.GetAsync("/teams")).Items("slug").Should().Equal("ads", "search");

        await bare.ReloadAsync();
        (await bare.Calls.PostAsync("/teams", new { slug = "meant" })).Status.Should().Be(201);
    }

    [Fact]
    public async Task A_token_in_a_header_counts_before_the_cookie_and_needs_no_antiforgery_token()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada, MemberRole.OrgAdmin);
        using var browser = await api.SignedInAsync(Ada);
        using var bare = browser.Copy();
        var auditor = await api.AddMemberAsync("auditor@acme.example", MemberRole.Auditor);
        bare.Http.DefaultRequestHeaders.Add("Authorization", $"Bearer {await api.AddTokenAsync(auditor)}");

        (await bare.GetSessionAsync()).Json.GetProperty("email").GetString().Should().Be("auditor@acme.example");
        (await bare.Calls.PostAsync("/teams", new { slug = "mine" })).ProblemType.Should().Be("forbidden");
        bare.Http.DefaultRequestHeaders.Remove("Authorization");
        bare.Http.DefaultRequestHeaders.Add("Authorization", "Bearer nonsense");
        (await bare.GetSessionAsync()).Status.Should().Be(401);
    }

    [Fact]
    public async Task No_form_of_another_page_signs_anybody_in()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada);
        using var browser = new Browser(api.Root);
        var body = $$"""{"email":"{{Ada}}","password":"{{Browser.Password}}"}""";

        foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data" })
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, type);
            using var answer = await browser.Http.PostAsync(Browser.Session, content, Cancel);
            ((int)answer.StatusCode).Should().BeOneOf(404, 415);
        }
        browser.Cookies.Count.Should().Be(0);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_the_sessions_of_all_browsers()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada);
        await api.AddPersonAsync("bob@acme.example");
        using var one = await api.SignedInAsync(Ada);
        using var two = await api.SignedInAsync(Ada);
        using var other = await api.SignedInAsync("bob@acme.example");

        (await one.Calls.PostAsync($"{Browser.Session}/sign-out-everywhere")).Status.Should().Be(200);

        (await one.GetSessionAsync()).Status.Should().Be(401);
        (await two.GetSessionAsync()).Status.Should().Be(401);
        (await other.GetSessionAsync()).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_password_that_is_changed_ends_the_other_sessions_and_this_one_goes_on()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada);
        using var browser = await api.SignedInAsync(Ada);
        using var elsewhere = await api.SignedInAsync(Ada);
        using var stolen = browser.Copy();

        (await browser.Calls.PutAsync($"{Browser.Session}/password", new { newPassword = "wrong zebra socket" })).Field.Should().Be("currentPassword");
        (await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = "no such password", newPassword = "wrong zebra socket" })).Field.Should().Be("currentPassword");
        (await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "ada@acme.example" })).Field.Should().Be("newPassword");
        (await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "short" })).Field.Should().Be("newPassword");
        (await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "aaaaaaaaaaaaaaaa" })).Field.Should().Be("newPassword");
        (await elsewhere.GetSessionAsync()).Status.Should().Be(200);
        var changed = await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "wrong zebra socket" });

        changed.Status.Should().Be(200, changed.Body);
        browser.TakeToken(changed);
        (await browser.GetSessionAsync()).Status.Should().Be(200);
        (await browser.Calls.PostAsync($"{Browser.Session}/totp")).Status.Should().Be(200, "the new antiforgery token is the new session's");
        (await elsewhere.GetSessionAsync()).Status.Should().Be(401);
        (await stolen.GetSessionAsync()).Status.Should().Be(401);
        (await new Browser(api.Root).SignInAsync(Ada)).Status.Should().Be(401);
        (await new Browser(api.Root).SignInAsync(Ada, "wrong zebra socket")).Status.Should().Be(200);
    }

    [Fact]
    public async Task An_unknown_address_a_wrong_password_and_an_account_without_one_are_answered_alike_and_hash_alike()
    {
        var hasher = new CountingHasher();
        await using var api = await ControlHarness.StartAsync(engine, services => services.AddSingleton<IPasswordHasher<UserAccount>>(hasher), People.Plain);
        await api.AddPersonAsync(Ada);
        await UserDirectory.FindOrAddAsync(api.Store.Database, "without@acme.example", "w", 1, Cancel);
        using var browser = new Browser(api.Root);
        await browser.SignInAsync(Ada, "warm up password");
        hasher.Checked.Clear();

        var answers = new List<ControlAnswer>();
        foreach (var email in new[] { Ada, "nobody@acme.example", "without@acme.example" }) answers.Add(await browser.SignInAsync(email, "some wrong password"));

        answers.Should().OnlyContain(a => a.Status == 401);
        answers.Select(a => a.Body.Replace(a.RequestId, "")).Distinct().Should().ContainSingle();
        hasher.Checked.Should().HaveCount(3);
        hasher.Checked.Select(h => h.Length).Distinct().Should().ContainSingle("hashes of the same strength are checked");
    }

    [Fact]
    public async Task After_five_wrong_passwords_an_account_waits_and_says_so_to_nobody()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await ControlHarness.StartAsync(engine, services => services.AddSingleton<TimeProvider>(time), People.Plain);
        await api.AddPersonAsync(Ada);
        using var browser = new Browser(api.Root);
        for (var i = 0; i < 4; i++) (await browser.SignInAsync(Ada, "some wrong password")).Status.Should().Be(401);
        (await browser.SignInAsync(Ada)).Status.Should().Be(200, "four wrong ones are forgiven by a right one");

        ControlAnswer wrong = null!;
        for (var i = 0; i < 5; i++) wrong = await browser.SignInAsync(Ada, "some wrong password");
        var waiting = await browser.SignInAsync(Ada);

        waiting.Status.Should().Be(401);
        waiting.Body.Replace(waiting.RequestId, "").Should().Be(wrong.Body.Replace(wrong.RequestId, ""));
        time.Advance(TimeSpan.FromMinutes(14));
        (await browser.SignInAsync(Ada)).Status.Should().Be(401);
        time.Advance(TimeSpan.FromMinutes(2));
        (await browser.SignInAsync(Ada)).Status.Should().Be(200);
    }

    [Fact]
    public async Task Guesses_at_once_are_no_more_guesses_than_one_after_the_other()
    {
        await using var api = await StartAsync();
        var userId = await api.AddPersonAsync(Ada);
        var rules = new AttemptRules(5, 60_000_000);

        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => UserAccounts.TakeAttemptAsync(api.Store.Database, userId, rules, 1_000, Cancel)));
        taken.Count(isTaken => isTaken).Should().Be(5);

        // Whoever was right gives the attempt back: the four that were wrong stay counted.
        await UserAccounts.GiveBackAttemptAsync(api.Store.Database, userId, rules, Cancel);
        (await UserAccounts.TakeAttemptAsync(api.Store.Database, userId, rules, 1_000, Cancel)).Should().BeTrue();
        (await UserAccounts.TakeAttemptAsync(api.Store.Database, userId, rules, 1_000, Cancel)).Should().BeFalse();
        (await UserAccounts.TakeAttemptAsync(api.Store.Database, userId, rules, 1_000 + 60_000_000, Cancel)).Should().BeTrue("the wait is over");
    }

    [Fact]
    public async Task A_session_ends_when_its_time_is_up_however_much_it_is_used()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await ControlHarness.StartAsync(engine, services => services.AddSingleton<TimeProvider>(time), People.Plain with { SessionHours = 2 });
        await api.AddPersonAsync(Ada);
        using var browser = await api.SignedInAsync(Ada);

        time.Advance(TimeSpan.FromMinutes(119));
        (await browser.GetSessionAsync()).Status.Should().Be(200);
        time.Advance(TimeSpan.FromMinutes(2));
        (await browser.GetSessionAsync()).Status.Should().Be(401);
    }

    [Fact]
    public async Task What_changes_the_way_to_sign_in_needs_a_recent_sign_in_and_no_token_does_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await ControlHarness.StartAsync(engine, services => services.AddSingleton<TimeProvider>(time), People.Plain);
        await api.ApplyAsync(Files.Acme);
        await api.AddPersonAsync(Ada);
        using var browser = await api.SignedInAsync(Ada);
        var token = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("x@acme.example", MemberRole.OrgAdmin)));
        time.Advance(TimeSpan.FromMinutes(16));

        foreach (var path in new[] { "/totp", "/recovery-codes", "/totp/disable", "/passkeys/options" })
        {
            (await browser.Calls.PostAsync(Browser.Session + path)).ProblemType.Should().Be("sign-in-again", path);
            (await token.PostAsync(Browser.Session + path)).ProblemType.Should().Be("forbidden", path);
        }
        (await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "wrong zebra socket" })).ProblemType.Should().Be("sign-in-again");
        (await token.PutAsync($"{Browser.Session}/password", new { newPassword = "wrong zebra socket" })).ProblemType.Should().Be("forbidden");
        (await token.PostAsync($"{Browser.Session}/sign-out-everywhere")).ProblemType.Should().Be("forbidden");
        (await browser.GetSessionAsync()).Status.Should().Be(200, "it still holds for everything else");
    }

    [Fact]
    public async Task Cookies_outlive_a_process_and_hold_in_every_other()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada, MemberRole.OrgAdmin);
        using var browser = await api.SignedInAsync(Ada);
        await api.StopAsync();

        var other = await api.StartBesideAsync(People.Plain);
        using var there = new Browser(other.Root, browser.Cookies);

        (await there.GetSessionAsync()).Status.Should().Be(200);
        var token = browser.Http.DefaultRequestHeaders.GetValues(SessionAuthentication.AntiforgeryHeader);
        there.Http.DefaultRequestHeaders.Add(SessionAuthentication.AntiforgeryHeader, token);
        (await there.Calls.PostAsync("/teams", new { slug = "maps" })).Status.Should().Be(201);
        var kept = await api.Store.ScalarAsync<string>("SELECT element FROM protection_keys");
        kept.Should().Contain("SealedKeyOpener").And.NotContain("masterKey");
        await other.StopAsync();
    }

    [Fact]
    public async Task A_ticket_of_the_operator_sets_a_password_once()
    {
        await using var api = await StartAsync();
        await UserDirectory.FindOrAddAsync(api.Store.Database, Ada, "Ada", 1, Cancel);
        (await Spendra.Control.SignIn.PasswordLinks.IssueAsync(api.Store.Database, TimeProvider.System, "nobody@acme.example", new Spendra.Storage.Governance.ChangeAuthor("operator", "test"), Cancel)).Should().BeNull();
        var ticket = await Spendra.Control.SignIn.PasswordLinks.IssueAsync(api.Store.Database, TimeProvider.System, Ada, new Spendra.Storage.Governance.ChangeAuthor("operator", "test"), Cancel);
        var client = api.Client(null);

        (await client.PostAsync($"{Browser.Session}/password-link", new { ticket, newPassword = "aaaaaaaaaaaaaa" })).Field.Should().Be("newPassword");
        (await client.PostAsync($"{Browser.Session}/password-link", new { ticket, newPassword = "short" })).Body.Should().Contain("'newPassword' must be a string");
        (await client.PostAsync($"{Browser.Session}/password-link", new { ticket, newPassword = Browser.Password })).Status.Should().Be(200);
        var again = await client.PostAsync($"{Browser.Session}/password-link", new { ticket, newPassword = "wrong zebra socket" });

        again.ProblemType.Should().Be("sign-in-refused");
        (await new Browser(api.Root).SignInAsync(Ada)).Status.Should().Be(200);
    }

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine, options: People.Plain);
        await api.ApplyAsync(Files.Acme);
        return api;
    }

    /// <summary>The framework's hasher, which says what it was asked to check.</summary>
    private sealed class CountingHasher : IPasswordHasher<UserAccount>
    {
        private readonly PasswordHasher<UserAccount> _inner = new();

        public System.Collections.Concurrent.ConcurrentBag<string> Checked { get; } = [];

        public string HashPassword(UserAccount user, string password) => _inner.HashPassword(user, password);

        public PasswordVerificationResult VerifyHashedPassword(UserAccount user, string hashedPassword, string providedPassword)
        {
            Checked.Add(hashedPassword);
            return _inner.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}

public sealed class SqliteSessionTests() : SessionContract(DatabaseEngine.Sqlite);

public sealed class PostgresSessionTests() : SessionContract(DatabaseEngine.Postgres);
