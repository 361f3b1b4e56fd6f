using System.Buffers.Text;
using System.Security.Cryptography;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.SignIn;

/// <summary>Passkeys, with an authenticator in software, on either engine.</summary>
public abstract class PasskeyContract(DatabaseEngine engine)
{
    private const string Ada = "ada@acme.example";

    [Fact]
    public async Task A_passkey_is_registered_signed_in_with_listed_and_removed()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync(Files.Acme);
        await api.AddPersonAsync(Ada, MemberRole.Auditor);
        using var browser = await api.SignedInAsync(Ada);
        using var key = Authenticator(api);

        var registered = await RegisterAsync(browser, key);
        registered.Status.Should().Be(200, registered.Body);
        registered.Json.GetProperty("name").GetString().Should().Be("My phone");
        using var fresh = new Browser(api.Root);
        key.SignCount++;
        var signedIn = await SignInAsync(fresh, key);
        signedIn.Status.Should().Be(200, signedIn.Body);
        signedIn.Json.GetProperty("session").GetProperty("method").GetString().Should().Be("passkey");
        fresh.TakeToken(signedIn);
        (await fresh.GetSessionAsync()).Json.GetProperty("email").GetString().Should().Be(Ada);

        var list = await browser.Calls.GetAsync($"{Browser.Session}/passkeys");
        list.Items("name").Should().Equal("My phone");
        list.Items("id").Should().Equal(Base64Url.EncodeToString(key.CredentialId));
        (await browser.Calls.PostAsync($"{Browser.Session}/passkeys/AAAA/remove")).Status.Should().Be(404);
        var removed = await browser.Calls.PostAsync($"{Browser.Session}/passkeys/{list.Items("id")[0]}/remove");
        removed.Status.Should().Be(200, removed.Body);
        (await fresh.GetSessionAsync()).Status.Should().Be(401, "sessions that it began are over");
        (await browser.GetSessionAsync()).Status.Should().Be(200);
        (await SignInAsync(fresh, key)).ProblemType.Should().Be("sign-in-refused");
        (await api.Store.ListAsync<string>("SELECT action FROM audit_records WHERE subject = 'ada@acme.example' ORDER BY sequence"))
            .Should().EndWith(["add_passkey", "remove_passkey"], "signing in with it is no change of how one does");
    }

    [Fact]
    public async Task What_an_authenticator_answers_must_be_to_this_challenge_from_this_place_by_this_key()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada);
        using var browser = await api.SignedInAsync(Ada);
        using var key = Authenticator(api);
        (await RegisterAsync(browser, key)).Status.Should().Be(200);
        key.SignCount = 10;
        (await SignInAsync(new Browser(api.Root), key)).Status.Should().Be(200);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        key.SignCount++;
        await RefusedAsync(api, key, "another key", signer: other);
        await RefusedAsync(api, key, "another origin", k => k.Origin = "https://evil.example");
        await RefusedAsync(api, key, "another relying party", k => k.RpId = "evil.example");
        await RefusedAsync(api, key, "a frame of another page", k => k.IsCrossOrigin = true);
        await RefusedAsync(api, key, "nobody unlocked it", k => k.IsVerified = false);
        await RefusedAsync(api, key, "a copy that is behind", k => k.SignCount = 10);
        await RefusedAsync(api, key, "an unknown credential", k => k.CredentialId = RandomNumberGenerator.GetBytes(32));
        (await SignInAsync(new Browser(api.Root), key)).Status.Should().Be(200, "nothing else was wrong");
    }

    [Fact]
    public async Task A_challenge_is_good_once_and_for_whom_it_was_made()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada);
        await api.AddPersonAsync("bob@acme.example");
        using var ada = await api.SignedInAsync(Ada);
        using var bob = await api.SignedInAsync("bob@acme.example");
        using var key = Authenticator(api);
        var options = await ada.Calls.PostAsync($"{Browser.Session}/passkeys/options");
        options.Json.GetProperty("options").GetProperty("authenticatorSelection").GetProperty("userVerification").GetString().Should().Be("required");
        var body = new { ticket = options.Json.GetProperty("ticket").GetString(), name = "Mine", credential = key.Create(options.Json.GetProperty("options")) };

        (await bob.Calls.PostAsync($"{Browser.Session}/passkeys", body)).ProblemType.Should().Be("sign-in-refused", "it is Ada's challenge");
        (await ada.Calls.PostAsync($"{Browser.Session}/passkeys", body)).ProblemType.Should().Be("sign-in-refused", "and it is used");
        (await RegisterAsync(ada, key)).Status.Should().Be(200);
        var handle = key.UserHandle;
        (await RegisterAsync(bob, key)).ProblemType.Should().Be("sign-in-refused", "a credential has one owner");
        key.UserHandle = handle;

        using var browser = new Browser(api.Root);
        key.SignCount = 5;
        var (ticket, asked) = await AskAsync(browser);
        var answer = key.Get(asked);
        (await browser.Calls.PostAsync($"{Browser.Session}/passkey", new { ticket, credential = answer.DeepClone() })).Status.Should().Be(200);
        (await browser.Calls.PostAsync($"{Browser.Session}/passkey", new { ticket, credential = answer.DeepClone() })).ProblemType.Should().Be("sign-in-refused");
        var (next, _) = await AskAsync(browser);
        (await browser.Calls.PostAsync($"{Browser.Session}/passkey", new { ticket = next, credential = answer.DeepClone() })).ProblemType.Should().Be("sign-in-refused", "an answer to another challenge");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"id":"!!","type":"public-key","response":{}}""")]
    [InlineData("""{"id":"AAAA","rawId":"AAAA","type":"public-key","clientExtensionResults":{},"response":{"clientDataJSON":"AAAA","authenticatorData":"AAAA","signature":"AAAA"}}""")]
    public async Task A_credential_that_is_none_is_refused(string credential)
    {
        await using var api = await StartAsync();
        using var browser = new Browser(api.Root);
        var (ticket, _) = await AskAsync(browser);

        var refused = await browser.Calls.PostAsync($"{Browser.Session}/passkey", $$"""{"ticket":"{{ticket}}","credential":{{credential}}}""");

        refused.Status.Should().Be(401, refused.Body);
        refused.ProblemType.Should().Be("sign-in-refused");
    }

    private static async Task RefusedAsync(ControlHarness api, SoftAuthenticator key, string because, Action<SoftAuthenticator>? spoil = null, ECDsa? signer = null)
    {
        var (origin, rp, count, id) = (key.Origin, key.RpId, key.SignCount, key.CredentialId);
        spoil?.Invoke(key);
        (await SignInAsync(new Browser(api.Root), key, signer)).ProblemType.Should().Be("sign-in-refused", because);
        (key.Origin, key.RpId, key.SignCount, key.CredentialId, key.IsVerified, key.IsCrossOrigin) = (origin, rp, count, id, true, false);
    }

    private static async Task<ControlAnswer> RegisterAsync(Browser browser, SoftAuthenticator key)
    {
        var options = await browser.Calls.PostAsync($"{Browser.Session}/passkeys/options");
        options.Status.Should().Be(200, options.Body);
        return await browser.Calls.PostAsync($"{Browser.Session}/passkeys", new
        {
            ticket = options.Json.GetProperty("ticket").GetString(), name = "My phone", credential = key.Create(options.Json.GetProperty("options")),
        });
    }

    private static async Task<ControlAnswer> SignInAsync(Browser browser, SoftAuthenticator key, ECDsa? signer = null)
    {
        var (ticket, options) = await AskAsync(browser);
        return await browser.Calls.PostAsync($"{Browser.Session}/passkey", new { ticket, credential = key.Get(options, signer) });
    }

    private static async Task<(string Ticket, System.Text.Json.JsonElement Options)> AskAsync(Browser browser)
    {
        var options = await browser.Calls.PostAsync($"{Browser.Session}/passkey/options");
        options.Status.Should().Be(200, options.Body);
        return (options.Json.GetProperty("ticket").GetString()!, options.Json.GetProperty("options"));
    }

    private static SoftAuthenticator Authenticator(ControlHarness api) => new() { Origin = api.Root.GetLeftPart(UriPartial.Authority) };

    private Task<ControlHarness> StartAsync() => ControlHarness.StartAsync(engine, options: People.Plain);
}

public sealed class SqlitePasskeyTests() : PasskeyContract(DatabaseEngine.Sqlite);

public sealed class PostgresPasskeyTests() : PasskeyContract(DatabaseEngine.Postgres);
