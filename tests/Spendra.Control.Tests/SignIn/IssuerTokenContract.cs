using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.SignIn;

/// <summary>Bearer tokens as Supabase makes them, by a shared secret and by published keys, on either engine.</summary>
public abstract class IssuerTokenContract(DatabaseEngine engine)
{
    private const string Issuer = "https://abcdefgh.supabase.co/auth/v1";
    // Long enough for HS512, too: that one is refused for what it is.
    private const string Secret = "super-secret-jwt-token-with-at-least-32-characters-long-and-for-others-64";
    private const string Ada = "ada@acme.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_of_the_shared_secret_is_its_person_and_needs_no_antiforgery_token()
    {
        await using var api = await StartAsync();
        await api.AddMemberAsync(Ada, MemberRole.OrgAdmin);
        var client = Client(api, Sign(Claims()));

        (await client.GetAsync(Browser.Session)).Json.GetProperty("email").GetString().Should().Be(Ada);
        (await client.PostAsync("/teams", new { slug = "maps" })).Status.Should().Be(201);
        (await client.PostAsync($"{Browser.Session}/totp")).ProblemType.Should().Be("forbidden", "a token does not change how its owner signs in");
        var nobody = Client(api, Sign(Claims(c => (c["email"], c["sub"]) = ("new@acme.example", "u-2"))));
        (await nobody.GetAsync("/teams")).Status.Should().Be(404, "a person without a membership sees nothing");
        var personal = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("x@acme.example", MemberRole.Auditor)));
        (await personal.GetAsync("/teams")).Status.Should().Be(200, "personal tokens go on to work beside");
    }

    public static TheoryData<string, string> Spoilt => new()
    {
        { "expired", """{"exp":1000000000}""" },
        { "not yet", """{"nbf":4000000000}""" },
        { "without an end", """{"exp":null}""" },
        { "of another audience", """{"aud":"anon"}""" },
        { "without an audience", """{"aud":null}""" },
        { "of another issuer", """{"iss":"https://evil.example/auth/v1"}""" },
        { "without an issuer", """{"iss":null}""" },
        { "without an address", """{"email":null}""" },
        { "with an empty address", """{"email":""}""" },
        { "without a subject", """{"sub":null}""" },
        { "with an address that looks like another", """{"email":"ad\u0430@acme.example"}""" },
        { "not verified", """{"email_verified":false}""" },
        { "anonymous", """{"is_anonymous":true}""" },
    };

    [Theory, MemberData(nameof(Spoilt))]
    public async Task A_token_is_refused_that_is(string what, string difference)
    {
        await using var api = await StartAsync();
        await api.AddMemberAsync(Ada, MemberRole.OrgAdmin);
        var claims = Claims(c =>
        {
            foreach (var (name, value) in JsonNode.Parse(difference)!.AsObject())
            {
                if (value is null) c.Remove(name);
                else c[name] = value.DeepClone();
            }
        });

        (await Client(api, Sign(claims)).GetAsync(Browser.Session)).Status.Should().Be(401, what);
    }

    [Fact]
    public async Task A_signature_that_is_none_or_of_another_kind_is_refused()
    {
        await using var api = await StartAsync();
        await api.AddMemberAsync(Ada, MemberRole.OrgAdmin);
        using var rsa = RSA.Create(2048);
        var good = Sign(Claims());
        (await Client(api, good).GetAsync(Browser.Session)).Status.Should().Be(200);

        foreach (var (what, token) in new[]
        {
            ("alg none", $"{Part("""{"alg":"none","typ":"JWT"}""")}.{Part(Claims().ToJsonString())}."),
            ("alg None", $"{Part("""{"alg":"None","typ":"JWT"}""")}.{Part(Claims().ToJsonString())}."),
            ("no signature", good[..(good.LastIndexOf('.') + 1)]),
            ("another secret", Sign(Claims(), secret: "another-secret-that-is-at-least-32-characters-long")),
            ("another algorithm of the same secret", Sign(Claims(), "HS512")),
            ("RS256", SignRsa(Claims(), rsa, "k")),
            ("other claims", $"{good.Split('.')[0]}.{Part(Claims(c => c["email"] = "bob@acme.example").ToJsonString())}.{good.Split('.')[2]}"),
            ("no token", "nonsense"),
            ("two parts", "a.b"),
            ("a scoped key", "spk_live_x"),
        })
        {
            (await Client(api, token).GetAsync(Browser.Session)).Status.Should().Be(401, what);
        }
    }

    [Fact]
    public async Task Published_keys_sign_tokens_and_are_no_shared_secret()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var unpublished = RSA.Create(2048);
        var shared = "a-shared-secret-in-a-published-set-is-nobody's";
        await using var keys = await PublishAsync(Jwks(rsa, ec, shared));
        await using var api = await ControlHarness.StartAsync(engine, options: People.Plain with
        {
            Jwt = new JwtOptions { Issuer = Issuer, Audience = "authenticated", JwksUrl = new Uri($"{keys.Urls.First()}/auth/v1/.well-known/jwks.json") },
        });

        (await Client(api, SignRsa(Claims(), rsa, "rsa-1")).GetAsync(Browser.Session)).Status.Should().Be(200);
        (await Client(api, SignEc(Claims(), ec)).GetAsync(Browser.Session)).Status.Should().Be(200);
        var pem = rsa.ExportSubjectPublicKeyInfoPem();
        foreach (var (what, token) in new[]
        {
            ("the public key as a secret, as PEM", Sign(Claims(), "HS256", pem, "rsa-1")),
            ("the public key as a secret, with a line break", Sign(Claims(), "HS256", pem + "\n", "rsa-1")),
            ("the public key as a secret, as its modulus", Sign(Claims(), "HS256", Base64Url.EncodeToString(rsa.ExportParameters(false).Modulus!), "rsa-1")),
            ("a shared secret that was published", Sign(Claims(), "HS256", shared, "oct-1")),
            ("another key under a published name", SignRsa(Claims(), unpublished, "rsa-1")),
            ("a key that is not published", SignRsa(Claims(), unpublished, "rsa-2")),
            ("alg none", $"{Part("""{"alg":"none","kid":"rsa-1"}""")}.{Part(Claims().ToJsonString())}."),
        })
        {
            (await Client(api, token).GetAsync(Browser.Session)).Status.Should().Be(401, what);
        }
    }

    [Fact]
    public async Task Without_an_issuer_no_such_token_is_looked_at()
    {
        await using var api = await ControlHarness.StartAsync(engine, options: People.Plain);

        (await Client(api, Sign(Claims())).GetAsync(Browser.Session)).Status.Should().Be(401);
    }

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine, options: People.Plain with
        {
            Jwt = new JwtOptions { Issuer = Issuer, Audience = "authenticated", Secret = Secret },
        });
        await api.ApplyAsync(Files.Acme);
        return api;
    }

    private static ControlClient Client(ControlHarness api, string token)
    {
        var client = api.Client(null);
        client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>The claims of a token that Supabase gives to a person.</summary>
    private static JsonObject Claims(Action<JsonObject>? change = null)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Issuer, ["sub"] = "6f1c3f9e-2f0e-4a1c-9a6e-0d8a4c1f7b11", ["aud"] = "authenticated", ["exp"] = now + 3_600, ["iat"] = now,
            ["email"] = Ada, ["phone"] = "", ["app_metadata"] = new JsonObject { ["provider"] = "email", ["providers"] = new JsonArray("email") },
            ["user_metadata"] = new JsonObject { ["email_verified"] = true }, ["role"] = "authenticated", ["aal"] = "aal1",
            ["amr"] = new JsonArray(new JsonObject { ["method"] = "password", ["timestamp"] = now }), ["session_id"] = Guid.NewGuid().ToString(), ["is_anonymous"] = false,
        };
        change?.Invoke(claims);
        return claims;
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static string Header(string algorithm, string? keyId) =>
        Part(keyId is null ? $$"""{"alg":"{{algorithm}}","typ":"JWT"}""" : $$"""{"alg":"{{algorithm}}","typ":"JWT","kid":"{{keyId}}"}""");

    private static string Sign(JsonObject claims, string algorithm = "HS256", string secret = Secret, string? keyId = null)
    {
        var text = $"{Header(algorithm, keyId)}.{Part(claims.ToJsonString())}";
        var (key, bytes) = (Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(text));
        return $"{text}.{Base64Url.EncodeToString(algorithm == "HS512" ? HMACSHA512.HashData(key, bytes) : HMACSHA256.HashData(key, bytes))}";
    }

    private static string SignRsa(JsonObject claims, RSA key, string keyId)
    {
        var text = $"{Header("RS256", keyId)}.{Part(claims.ToJsonString())}";
        return $"{text}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string SignEc(JsonObject claims, ECDsa key)
    {
        var text = $"{Header("ES256", "ec-1")}.{Part(claims.ToJsonString())}";
        return $"{text}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    private static string Jwks(RSA rsa, ECDsa ec, string shared)
    {
        var (r, e) = (rsa.ExportParameters(false), ec.ExportParameters(false));
        return JsonSerializer.Serialize(new
        {
            keys = new object[]
            {
                new { kty = "RSA", kid = "rsa-1", alg = "RS256", use = "sig", n = Base64Url.EncodeToString(r.Modulus!), e = Base64Url.EncodeToString(r.Exponent!) },
                new { kty = "EC", kid = "ec-1", alg = "ES256", use = "sig", crv = "P-256", x = Base64Url.EncodeToString(e.Q.X!), y = Base64Url.EncodeToString(e.Q.Y!) },
                new { kty = "oct", kid = "oct-1", alg = "HS256", use = "sig", k = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(shared)) },
            },
        });
    }

    private static async Task<WebApplication> PublishAsync(string jwks)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/auth/v1/.well-known/jwks.json", () => Microsoft.AspNetCore.Http.Results.Text(jwks, "application/json"));
        await app.StartAsync(Cancel);
        return app;
    }
}

public sealed class SqliteIssuerTokenTests() : IssuerTokenContract(DatabaseEngine.Sqlite);

public sealed class PostgresIssuerTokenTests() : IssuerTokenContract(DatabaseEngine.Postgres);
