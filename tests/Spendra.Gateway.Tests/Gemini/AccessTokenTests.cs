using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Gateway.Providers;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>A service account's tokens: bought once, kept until shortly before their end, never kept when there is none.</summary>
public sealed class AccessTokenTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));

    private AccessTokens Tokens() => new(new GatewayOptions { AllowPrivateUpstreams = true }, _time, NullLogger.Instance);

    private static async Task<string?> GetAsync(AccessTokens tokens, string keyFile) =>
        await tokens.GetAsync(keyFile, ServiceAccount.Parse(keyFile, allowsPrivate: true)!.BuyAsync, TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_token_is_bought_with_a_signed_assertion()
    {
        await using var seller = await TokenSeller.StartAsync();
        using var tokens = Tokens();

        (await GetAsync(tokens, seller.KeyFile())).Should().Be("token-1");

        var form = seller.Requests.Single();
        form["grant_type"].ToString().Should().Be("urn:ietf:params:oauth:grant-type:jwt-bearer");
        var parts = form["assertion"].ToString().Split('.');
        seller.Key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).Should().BeTrue();
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement;
        claims.GetProperty("iss").GetString().Should().Be("spendra@p1.iam.example");
        claims.GetProperty("aud").GetString().Should().Be(seller.Url);
        claims.GetProperty("scope").GetString().Should().Be("https://www.googleapis.com/auth/cloud-platform");
        claims.GetProperty("iat").GetInt64().Should().Be(_time.GetUtcNow().ToUnixTimeSeconds());
    }

    [Fact]
    public async Task A_token_is_replaced_five_minutes_before_it_ends()
    {
        await using var seller = await TokenSeller.StartAsync();
        using var tokens = Tokens();

        (await GetAsync(tokens, seller.KeyFile())).Should().Be("token-1");
        _time.Advance(TimeSpan.FromMinutes(55) - TimeSpan.FromSeconds(1));
        (await GetAsync(tokens, seller.KeyFile())).Should().Be("token-1");
        _time.Advance(TimeSpan.FromSeconds(1));
        (await GetAsync(tokens, seller.KeyFile())).Should().Be("token-2");
    }

    [Fact]
    public async Task All_who_want_a_token_at_once_wait_for_one_purchase()
    {
        await using var seller = await TokenSeller.StartAsync();
        var isOpen = new TaskCompletionSource();
        seller.Until = isOpen.Task;
        using var tokens = Tokens();
        var keyFile = seller.KeyFile();

        var waiting = Enumerable.Range(0, 50).Select(_ => GetAsync(tokens, keyFile)).ToList();
        isOpen.SetResult();

        (await Task.WhenAll(waiting)).Should().OnlyContain(t => t == "token-1");
        seller.Requests.Should().ContainSingle();
    }

    public static TheoryData<string> Failures() => ["refused", "broken", "garbage", "empty", "redirect", "no time", "too much"];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_failure_is_not_kept(string failure)
    {
        await using var seller = await TokenSeller.StartAsync();
        using var tokens = Tokens();
        seller.Instead = failure switch
        {
            "refused" => Results.Json(new { error = "invalid_grant" }, statusCode: 400),
            "broken" => Results.StatusCode(503),
            "garbage" => Results.Text("<html>", "text/html"),
            "empty" => Results.Json(new { expires_in = 3600 }),
            "too much" => Results.Text("{\"access_token\":\"x\",\"expires_in\":3600}" + new string(' ', 100_000), "application/json"),
            "redirect" => Results.Redirect(seller.Url + "?again", preserveMethod: true),
            _ => Results.Json(new { access_token = "x", expires_in = 0 }),
        };

        (await GetAsync(tokens, seller.KeyFile())).Should().BeNull();
        seller.Requests.Should().ContainSingle("one attempt, no redirects");
        seller.Instead = null;
        (await GetAsync(tokens, seller.KeyFile())).Should().Be("token-2");
    }

    [Fact]
    public async Task The_old_token_serves_until_it_ends_when_there_is_no_new_one()
    {
        await using var seller = await TokenSeller.StartAsync();
        using var tokens = Tokens();
        await GetAsync(tokens, seller.KeyFile());
        seller.Instead = Results.StatusCode(503);

        _time.Advance(TimeSpan.FromMinutes(59));
        (await GetAsync(tokens, seller.KeyFile())).Should().Be("token-1");
        _time.Advance(TimeSpan.FromMinutes(1));
        (await GetAsync(tokens, seller.KeyFile())).Should().BeNull();
    }

    [Fact]
    public async Task A_seller_that_does_not_answer_is_given_up()
    {
        await using var seller = await TokenSeller.StartAsync();
        var isOpen = new TaskCompletionSource();
        seller.Until = isOpen.Task;
        using var tokens = Tokens();

        var waiting = GetAsync(tokens, seller.KeyFile());
        while (seller.Requests.Count == 0) await Task.Yield();
        _time.Advance(TimeSpan.FromSeconds(10));

        (await waiting).Should().BeNull();
        isOpen.SetResult();
    }

    [Fact]
    public async Task Two_credentials_have_two_tokens()
    {
        await using var seller = await TokenSeller.StartAsync();
        await using var other = await TokenSeller.StartAsync();
        using var tokens = Tokens();

        await GetAsync(tokens, seller.KeyFile());
        await GetAsync(tokens, other.KeyFile());
        await GetAsync(tokens, seller.KeyFile());

        (seller.Requests.Count, other.Requests.Count).Should().Be((1, 1));
    }

    [Fact]
    public async Task Only_a_whole_key_file_with_a_safe_address_is_one()
    {
        await using var seller = await TokenSeller.StartAsync();

        ServiceAccount.Parse(seller.KeyFile(), allowsPrivate: true).Should().NotBeNull();
        ServiceAccount.Parse(seller.KeyFile("https://oauth2.googleapis.com/token"), allowsPrivate: false).Should().NotBeNull();
        foreach (var bad in new[]
        {
            "{", "{}", "{\"type\":\"service_account\"}", seller.KeyFile(type: "authorized_user"), seller.KeyFile(privateKey: "no key"),
            seller.KeyFile(privateKey: seller.Key.ExportSubjectPublicKeyInfoPem()), seller.KeyFile(privateKey: seller.Key.ExportRSAPublicKeyPem()), seller.KeyFile(tokenUri: "/token"),
            seller.KeyFile("http://oauth2.googleapis.com/token"), seller.KeyFile("file:///etc/passwd"),
        })
        {
            ServiceAccount.Parse(bad, allowsPrivate: true).Should().BeNull(bad);
        }
        ServiceAccount.Parse(seller.KeyFile(), allowsPrivate: false).Should().BeNull("loopback is for development");
    }

    [Fact]
    public async Task Vertex_AI_is_reached_with_a_token_and_a_key_file_never_leaves()
    {
        await using var seller = await TokenSeller.StartAsync();
        await using var company = await Company.StartAsync(GeminiBodies.Rules with { Accounts = [Account(seller.KeyFile())] });
        const string path = "/v1/providers/vertexai/publishers/google/models/g1:generateContent";

        (await company.PostAsync(path, GeminiBodies.Content())).ShouldBe(200);
        (await company.PostAsync(path, GeminiBodies.Content())).ShouldBe(200);

        company.Journal.Requests.Should().HaveCount(2).And.OnlyContain(r => r.Headers["Authorization"] == "Bearer token-1");
        seller.Requests.Should().ContainSingle();
        await company.SettledAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_token_nothing_is_sent_and_nothing_is_spent(bool isRefused)
    {
        await using var seller = await TokenSeller.StartAsync();
        seller.Instead = Results.Json(new { error = "invalid_grant" }, statusCode: 400);
        await using var company = await Company.StartAsync(GeminiBodies.Rules with { Accounts = [Account(isRefused ? seller.KeyFile() : "{}")] });

        var answer = (await company.PostAsync("/v1/providers/vertexai/publishers/google/models/g1:generateContent", GeminiBodies.Content())).ShouldBe(503, "provider_unavailable");

        answer.Header("retry-after").Should().Be(isRefused ? "5" : null);
        company.Journal.Count.Should().Be(0);
        var books = await company.SettledAsync();
        (books.Events.Count, books.Released.Count).Should().Be((0, 1));
    }

    private static string Account(string keyFile) =>
        $"{{slug: v, provider: vertexai, baseUrl: \"{{root}}/v1/projects/p1/locations/l1\", credential: {{value: '{keyFile}'}}}}";
}
