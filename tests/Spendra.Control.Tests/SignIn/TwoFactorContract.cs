using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.SignIn;

/// <summary>Authenticator apps and recovery codes, on either engine.</summary>
public abstract class TwoFactorContract(DatabaseEngine engine)
{
    private const string Ada = "ada@acme.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task A_password_is_followed_by_a_code_of_the_app_that_was_confirmed()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync(Files.Acme);
        var userId = await api.AddPersonAsync(Ada, MemberRole.Auditor);
        using var browser = await api.SignedInAsync(Ada);
        using var elsewhere = await api.SignedInAsync(Ada);

        var begun = await browser.Calls.PostAsync($"{Browser.Session}/totp");
        begun.Status.Should().Be(200, begun.Body);
        begun.Json.GetProperty("uri").GetString().Should().StartWith("otpauth://totp/Spendra%3Aada%40acme.example?secret=").And.EndWith("&digits=6&period=30");
        var app = new App(begun, _time);
        (await browser.Calls.PostAsync($"{Browser.Session}/totp/confirm", new { code = "000000" == app.Code() ? "000001" : "000000" })).Field.Should().Be("code");
        (await new Browser(api.Root).SignInAsync(Ada)).Json.GetProperty("state").GetString().Should().Be("signed_in", "nothing is asked for before it is confirmed");
        var confirmed = await browser.Calls.PostAsync($"{Browser.Session}/totp/confirm", new { code = app.Code() });
        confirmed.Status.Should().Be(200, confirmed.Body);
        confirmed.Json.GetProperty("recoveryCodes").GetArrayLength().Should().Be(10);
        (await browser.GetSessionAsync()).Json.GetProperty("isTwoFactor").GetBoolean().Should().BeTrue();
        (await elsewhere.GetSessionAsync()).Status.Should().Be(401, "sessions that began without a code are over");

        using var next = new Browser(api.Root);
        var first = await next.SignInAsync(Ada);
        first.Json.GetProperty("state").GetString().Should().Be("two_factor");
        (await next.GetSessionAsync()).Status.Should().Be(401, "a password alone is no session");
        var ticket = first.Json.GetProperty("ticket").GetString()!;
        _time.Advance(TimeSpan.FromSeconds(30));
        var second = await next.SecondStepAsync(ticket, app.Code());
        second.Status.Should().Be(200, second.Body);
        second.Json.GetProperty("session").GetProperty("method").GetString().Should().Be("two_factor");
        (await next.SecondStepAsync(ticket, app.Code())).Status.Should().Be(401, "the ticket is used");

        (await api.Store.ListAsync<string>("SELECT action FROM audit_records WHERE subject = 'ada@acme.example' ORDER BY sequence"))
            .Should().EndWith(["set_password", "enable_totp"], "what is begun is not in force");
        var stored = await api.Store.ScalarAsync<byte[]>("SELECT totp_secret FROM users WHERE user_id = @userId", new { userId });
        System.Text.Encoding.UTF8.GetString(stored).Should().NotContain(app.Secret);
        (await api.Store.ScalarAsync<string>("SELECT recovery_digests FROM users WHERE user_id = @userId", new { userId }))
            .Should().NotContain(confirmed.Json.GetProperty("recoveryCodes")[0].GetString());
    }

    [Fact]
    public async Task A_code_is_good_once_even_for_two_at_once_and_while_it_is_shown()
    {
        await using var api = await StartAsync();
        var app = await api.WithAppAsync(Ada, _time);
        _time.Advance(TimeSpan.FromSeconds(60));
        using var browser = new Browser(api.Root);
        var tickets = new List<string>();
        for (var i = 0; i < 3; i++) tickets.Add((await browser.SignInAsync(Ada)).Json.GetProperty("ticket").GetString()!);

        var both = await Task.WhenAll(tickets.Take(2).Select(ticket => new Browser(api.Root).SecondStepAsync(ticket, app.Code())));
        both.Select(a => a.Status).Should().BeEquivalentTo([200, 401]);
        (await browser.SecondStepAsync(tickets[2], app.Code(-30))).Status.Should().Be(401, "an older code than one that was used");
        _time.Advance(TimeSpan.FromSeconds(30));
        (await browser.SecondStepAsync(tickets[2], app.Code())).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_recovery_code_stands_for_a_code_once()
    {
        await using var api = await StartAsync();
        var app = await api.WithAppAsync(Ada, _time);
        using var browser = new Browser(api.Root);
        var ticket = (await browser.SignInAsync(Ada)).Json.GetProperty("ticket").GetString()!;

        (await browser.SecondStepAsync(ticket, recoveryCode: "AAAAA-AAAAA")).Status.Should().Be(401);
        (await browser.SecondStepAsync(ticket)).Field.Should().Be("code");
        var used = await browser.SecondStepAsync(ticket, recoveryCode: app.Recovery[3].ToLowerInvariant());
        used.Status.Should().Be(200, used.Body);
        used.Json.GetProperty("session").GetProperty("recoveryCodesLeft").GetInt32().Should().Be(9);

        using var again = new Browser(api.Root);
        var next = (await again.SignInAsync(Ada)).Json.GetProperty("ticket").GetString()!;
        (await again.SecondStepAsync(next, recoveryCode: app.Recovery[3])).Status.Should().Be(401);
        var renewed = await browser.Calls.PostAsync($"{Browser.Session}/recovery-codes");
        renewed.Status.Should().Be(200, renewed.Body);
        (await again.SecondStepAsync(next, recoveryCode: app.Recovery[4])).Status.Should().Be(401, "the old ones are void");
        (await again.SecondStepAsync(next, recoveryCode: renewed.Json.GetProperty("recoveryCodes")[0].GetString())).Status.Should().Be(200);
    }

    [Fact]
    public async Task Knowing_the_password_gives_no_more_guesses_at_the_code()
    {
        await using var api = await StartAsync();
        var app = await api.WithAppAsync(Ada, _time);
        using var browser = new Browser(api.Root);
        var wrong = app.Code() == "123456" ? "123457" : "123456";

        for (var i = 0; i < 5; i++)
        {
            var ticket = (await browser.SignInAsync(Ada)).Json.GetProperty("ticket").GetString()!;
            (await browser.SecondStepAsync(ticket, wrong)).Status.Should().Be(401);
        }

        (await browser.SignInAsync(Ada)).Status.Should().Be(401, "the account waits");
        _time.Advance(TimeSpan.FromMinutes(16));
        var late = (await browser.SignInAsync(Ada)).Json.GetProperty("ticket").GetString()!;
        (await browser.SecondStepAsync(late, app.Code())).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_ticket_is_good_for_five_minutes_and_for_its_own_step()
    {
        await using var api = await StartAsync();
        var app = await api.WithAppAsync(Ada, _time);
        using var browser = new Browser(api.Root);
        var ticket = (await browser.SignInAsync(Ada)).Json.GetProperty("ticket").GetString()!;

        (await browser.Calls.PostAsync($"{Browser.Session}/password-link", new { ticket, newPassword = "wrong zebra socket" })).ProblemType.Should().Be("sign-in-refused");
        (await browser.Calls.PostAsync($"{Browser.Session}/passkey", new { ticket, credential = new { } })).ProblemType.Should().Be("sign-in-refused");
        _time.Advance(TimeSpan.FromMinutes(5));
        (await browser.SecondStepAsync(ticket, app.Code())).Status.Should().Be(401);
    }

    [Fact]
    public async Task An_app_that_is_disabled_is_not_asked_for()
    {
        await using var api = await StartAsync();
        var app = await api.WithAppAsync(Ada, _time);
        using var browser = new Browser(api.Root);
        _time.Advance(TimeSpan.FromSeconds(30));
        await browser.SecondStepAsync((await browser.SignInAsync(Ada)).Json.GetProperty("ticket").GetString()!, app.Code());
        (await browser.Calls.PostAsync($"{Browser.Session}/totp")).ProblemType.Should().Be("wrong-state", "a second app would replace the first unseen");

        var disabled = await browser.Calls.PostAsync($"{Browser.Session}/totp/disable");

        disabled.Status.Should().Be(200, disabled.Body);
        browser.TakeToken(disabled);
        (await browser.Calls.PostAsync($"{Browser.Session}/totp/disable")).ProblemType.Should().Be("wrong-state");
        (await browser.Calls.PostAsync($"{Browser.Session}/recovery-codes")).ProblemType.Should().Be("wrong-state");
        (await new Browser(api.Root).SignInAsync(Ada)).Json.GetProperty("state").GetString().Should().Be("signed_in");
    }

    private Task<ControlHarness> StartAsync() =>
        ControlHarness.StartAsync(engine, services => services.AddSingleton<TimeProvider>(_time), People.Plain);
}

/// <summary>An authenticator app.</summary>
internal sealed class App(ControlAnswer begun, TimeProvider time)
{
    public string Secret { get; } = begun.Json.GetProperty("secret").GetString()!;

    public IReadOnlyList<string> Recovery { get; set; } = [];

    public string Code(int secondsFromNow = 0)
    {
        Totp.TryReadSecret(Secret, out var secret).Should().BeTrue();
        return Totp.Show(secret, (time.GetUtcNow().ToUnixTimeSeconds() + secondsFromNow) / Totp.StepSeconds);
    }
}

internal static class Apps
{
    /// <summary>A person with a password whose app is confirmed.</summary>
    public static async Task<App> WithAppAsync(this ControlHarness api, string email, TimeProvider time)
    {
        await api.AddPersonAsync(email);
        using var browser = await api.SignedInAsync(email);
        var app = new App(await browser.Calls.PostAsync($"{Browser.Session}/totp"), time);
        var confirmed = await browser.Calls.PostAsync($"{Browser.Session}/totp/confirm", new { code = app.Code() });
        confirmed.Status.Should().Be(200, confirmed.Body);
        app.Recovery = [.. confirmed.Json.GetProperty("recoveryCodes").EnumerateArray().Select(c => c.GetString()!)];
        return app;
    }
}

public sealed class SqliteTwoFactorTests() : TwoFactorContract(DatabaseEngine.Sqlite);

public sealed class PostgresTwoFactorTests() : TwoFactorContract(DatabaseEngine.Postgres);
