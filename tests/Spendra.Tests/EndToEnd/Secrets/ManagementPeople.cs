using System.Text.Json;
using Spendra.Control.SignIn;
using Spendra.Control.Tests.SignIn;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Keys;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>People who do with every secret of the management API what it is for, and keep note of each.</summary>
internal sealed class ManagementPeople(Uri url, Database database, MasterKey masterKey) : IDisposable
{
    public const string ClientSecret = "canary-oidc-client-secret-5d0c2e";
    public const string JwtSecret = "canary-issuer-shared-secret-e1b7a0-4f2d";
    public const string Hook = "canary-webhook-path-71e3aa";

    private const string Session = "/api/v1/session";
    private const string Acme = "/api/v1/organizations/acme";

    private static readonly string[] Passwords = ["canary first password 1f", "canary second password 2e", "canary third password 3d", "canary fourth password 4c"];
    private static readonly string[] Credentials = ["sk-canary-created-9a1e", "sk-canary-rotated-8b2d", "sk-canary-edited-7c3c", "canary-server-created-6d4b", "canary-server-rotated-5e5a"];
    private const string Code = "canary-openid-code-4b6a91";

    private readonly List<string> _shown = [];

    public ManagementClient Ada { get; } = new(url);

    public ManagementClient Grace { get; } = new(url);

    /// <summary>Everything that proves something to somebody.</summary>
    public IEnumerable<string> Secrets => [.. Passwords, .. Credentials, ClientSecret, JwtSecret, Hook, Code, .. _shown, .. Ada.Proofs, .. Grace.Proofs];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task LiveAsync(Site site, ForgetfulIssuer issuer)
    {
        await BeginAsync();
        await SecondFactorAsync();
        await PasskeyAsync();
        await InviteAsync();
        await TokenAsync();
        await AccountsAsync(site.Sandbox.Root.ToString().TrimEnd('/'));
        await KeysAsync();
        await ElsewhereAsync(issuer);
        await MistakesAsync();
    }

    public void Dispose()
    {
        Ada.Dispose();
        Grace.Dispose();
    }

    /// <summary>The setup link, a password, another one, and one with a ticket of the operator's.</summary>
    private async Task BeginAsync()
    {
        var link = Keep((await SetupLink.OfferAsync(database, masterKey, Cancel))!);
        var made = await Ada.DoAsync("POST", "/api/v1/setup", new { secret = link, organization = "acme", email = "ada@acme.example", name = "Ada", password = Passwords[0] });
        var token = Keep(made.GetProperty("token").GetString()!);
        await Ada.DoAsync("GET", "/api/v1/me", bearer: token);
        await SignInAsync(Passwords[0]);
        await Ada.DoAsync("PUT", $"{Session}/password", new { currentPassword = Passwords[0], newPassword = Passwords[1] });
        var ticket = Keep(await PasswordLinks.IssueAsync(database, TimeProvider.System, "ada@acme.example", new Spendra.Storage.Governance.ChangeAuthor("operator", "test"), Cancel) ?? throw new InvalidOperationException("there is no such person"));
        await Ada.DoAsync("POST", $"{Session}/password-link", new { ticket, newPassword = Passwords[2] });
        await SignInAsync(Passwords[2]);
    }

    private async Task SecondFactorAsync()
    {
        var begun = await Ada.DoAsync("POST", $"{Session}/totp");
        var secret = Keep(begun.GetProperty("secret").GetString()!);
        Totp.TryReadSecret(secret, out var bytes).Should().BeTrue();
        var confirmed = await Ada.DoAsync("POST", $"{Session}/totp/confirm", new { code = Totp.Show(bytes, DateTimeOffset.UtcNow.ToUnixTimeSeconds() / Totp.StepSeconds) });
        var codes = KeepAll(confirmed.GetProperty("recoveryCodes"));
        var first = await Ada.DoAsync("POST", Session, new { email = "ada@acme.example", password = Passwords[2] });
        var ticket = Keep(first.GetProperty("ticket").GetString()!);
        await Ada.SendAsync("POST", $"{Session}/two-factor", JsonSerializer.Serialize(new { ticket, recoveryCode = "WRONG-CODES" }));
        await Ada.DoAsync("POST", $"{Session}/two-factor", new { ticket, recoveryCode = codes[0] });
        KeepAll((await Ada.DoAsync("POST", $"{Session}/recovery-codes")).GetProperty("recoveryCodes"));
        await Ada.DoAsync("POST", $"{Session}/totp/disable");
    }

    private async Task PasskeyAsync()
    {
        using var key = new SoftAuthenticator { Origin = url.GetLeftPart(UriPartial.Authority) };
        var options = await Ada.DoAsync("POST", $"{Session}/passkeys/options");
        var ticket = Keep(options.GetProperty("ticket").GetString()!);
        await Ada.DoAsync("POST", $"{Session}/passkeys", new { ticket, name = "phone", credential = key.Create(options.GetProperty("options")) });
        key.SignCount++;
        var asked = await Ada.DoAsync("POST", $"{Session}/passkey/options");
        ticket = Keep(asked.GetProperty("ticket").GetString()!);
        await Ada.DoAsync("POST", $"{Session}/passkey", new { ticket, credential = key.Get(asked.GetProperty("options")) });
    }

    private async Task InviteAsync()
    {
        var made = await Ada.DoAsync("POST", $"{Acme}/invitations", new { email = "grace@acme.example", role = "auditor" });
        var secret = Keep(made.GetProperty("secret").GetString()!);
        await UserDirectory.FindOrAddAsync(database, "grace@acme.example", "Grace", 1, Cancel);
        var ticket = Keep(await PasswordLinks.IssueAsync(database, TimeProvider.System, "grace@acme.example", new Spendra.Storage.Governance.ChangeAuthor("operator", "test"), Cancel) ?? throw new InvalidOperationException("there is no such person"));
        await Grace.DoAsync("POST", $"{Session}/password-link", new { ticket, newPassword = Passwords[3] });
        await Grace.DoAsync("POST", Session, new { email = "grace@acme.example", password = Passwords[3] });
        await Grace.SendAsync("POST", "/api/v1/invitations/accept", JsonSerializer.Serialize(new { secret = Altered(secret) }));
        await Grace.DoAsync("POST", "/api/v1/invitations/accept", new { secret });
    }

    private async Task TokenAsync()
    {
        var made = await Ada.DoAsync("POST", $"{Acme}/tokens", new { name = "nightly", capabilities = new[] { "budgets.read" } });
        var secret = Keep(made.GetProperty("secret").GetString()!);
        using var program = new ManagementClient(url);
        await program.DoAsync("GET", $"{Acme}/budgets", bearer: secret);
        foreach (var wrong in new[] { Altered(secret), secret[..^3], secret + "x" })
            Ada.Answers.Add(await program.SendAsync("GET", $"{Acme}/budgets", null, r => r.Headers.TryAddWithoutValidation("Authorization", $"Bearer {wrong}")));
        await Ada.DoAsync("POST", $"{Acme}/tokens/{made.GetProperty("token").GetProperty("id").GetString()}/revoke");
        Ada.Answers.Add(await program.SendAsync("GET", $"{Acme}/budgets", null, r => r.Headers.TryAddWithoutValidation("Authorization", $"Bearer {secret}")));
    }

    /// <summary>Credentials that are created, rotated, edited and tried, at a provider that takes them and at one that is not there.</summary>
    private async Task AccountsAsync(string provider)
    {
        var baseUrl = $"{provider}/v1";
        await Ada.DoAsync("POST", $"{Acme}/provider-accounts", new { slug = "kept", provider = "openai", baseUrl, credential = new { value = Credentials[0] } });
        await Ada.DoAsync("POST", $"{Acme}/provider-accounts/kept/test");
        await Ada.DoAsync("POST", $"{Acme}/provider-accounts/kept/credential", new { value = Credentials[1] });
        await Ada.DoAsync("PUT", $"{Acme}/provider-accounts/kept", new { baseUrl = "http://127.0.0.1:9/v1", credential = new { value = Credentials[2] } });
        await Ada.DoAsync("POST", $"{Acme}/provider-accounts/kept/test");
        await Ada.DoAsync("POST", $"{Acme}/mcp-servers", new { slug = "finder", baseUrl = $"{provider}/mcp/finder", credential = new { value = Credentials[3] } });
        await Ada.DoAsync("POST", $"{Acme}/mcp-servers/finder/test");
        await Ada.DoAsync("POST", $"{Acme}/mcp-servers/finder/credential", new { value = Credentials[4] });
    }

    private async Task KeysAsync()
    {
        Keep((await Ada.DoAsync("POST", $"{Acme}/keys", new { slug = "ada-kept", actor = "employee/ada" })).GetProperty("secret").GetString()!);
        Keep((await Ada.DoAsync("POST", $"{Acme}/keys/ada-kept/rotate", new { overlapMinutes = 5 })).GetProperty("secret").GetString()!);
    }

    /// <summary>To the OpenID Connect provider and back with a code that it does not take; a token of another issuer.</summary>
    private async Task ElsewhereAsync(ForgetfulIssuer issuer)
    {
        var gone = await Grace.SendAsync("GET", $"{Session}/openid-connect", null);
        gone.Status.Should().Be(302, gone.Body);
        var state = Keep(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(gone.Location!.Query)["state"].ToString());
        var back = await Grace.SendAsync("GET", $"{Session}/openid-connect/callback?code={Code}&state={Uri.EscapeDataString(state)}", null);
        back.Status.Should().Be(401, back.Body);
        issuer.Told.Should().Contain(Code).And.Contain(ClientSecret, "otherwise there would be nothing to find");
        await Grace.SendAsync("GET", $"{Session}/openid-connect/callback?code={Code}&state={Altered(state)}", null);
        var bearer = Keep("eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJjYW5hcnktand0LWJvZHkifQ.canary-signature-of-a-token-3e");
        await Grace.SendAsync("GET", "/api/v1/me", null, r => r.Headers.TryAddWithoutValidation("Authorization", $"Bearer {bearer}"));
    }

    /// <summary>Secrets that are right, where they are not taken.</summary>
    private async Task MistakesAsync()
    {
        using var stranger = new ManagementClient(url);
        // Of whom nobody knows: what is wrong for somebody is counted against them.
        foreach (var password in (string[])[.. Passwords, .. _shown.Take(3)]) await stranger.SendAsync("POST", Session, JsonSerializer.Serialize(new { email = "eve@acme.example", password }));
        foreach (var secret in _shown.ToList())
        {
            await stranger.SendAsync("POST", "/api/v1/setup", JsonSerializer.Serialize(new { secret, organization = "acme", email = "eve@acme.example", name = "Eve" }));
            await stranger.SendAsync("POST", $"{Session}/password-link", JsonSerializer.Serialize(new { ticket = secret, newPassword = "canary tenth password 9f" }));
            await stranger.SendAsync("GET", $"{Acme}/teams?access_token={Uri.EscapeDataString(secret)}", null, r => r.Headers.TryAddWithoutValidation("Authorization", $"Bearer {secret}"));
        }
        Ada.Answers.AddRange(stranger.Answers);
    }

    private async Task SignInAsync(string password) => await Ada.DoAsync("POST", Session, new { email = "ada@acme.example", password });

    private string Keep(string secret)
    {
        _shown.Add(secret);
        return secret;
    }

    private List<string> KeepAll(JsonElement secrets) => [.. secrets.EnumerateArray().Select(s => Keep(s.GetString()!))];

    private static string Altered(string secret) => secret[..^1] + (secret[^1] == 'a' ? 'b' : 'a');
}
