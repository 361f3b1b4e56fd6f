using System.Security.Cryptography;
using System.Text;
using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Tests;

/// <summary>Step 1: only a whole, known, living key speaks; everything else is turned away unread.</summary>
public sealed class AuthenticationTests
{
    private static readonly ChangeAuthor Author = new("test", "test", null);

    public static TheoryData<string, string> Strangers()
    {
        var some = KeyToken.Create(KeyMode.Live, Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(32)).Reveal();
        return new()
        {
            { "not a key", "sk-proj-1234" },
            { "empty secret", "spk_live_" },
            { "an unknown key", some },
            { "a wrong checksum", some[..^1] + (some[^1] == '2' ? '3' : '2') },
            { "a cut key", some[..^1] },
            { "a long key", some + "a" },
            { "SQL", "spk_live_' OR 1=1; DROP TABLE scoped_keys; --" },
            { "SQL in a key's length", ("spk_live_' OR '1'='1" + new string('a', 100))[..KeyToken.Length] },
            { "percent signs", new string('%', KeyToken.Length) },
        };
    }

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task A_stranger_is_turned_away(string what, string presented)
    {
        await using var company = await Company.StartAsync();
        foreach (var (path, body) in new[] { ("chat/completions", Bodies.Chat()), ("responses", "not even JSON") })
        {
            using var client = company.Anonymous();
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + presented);

            var answer = (await Answer.PostAsync(client, path, body)).ShouldBe(401, "invalid_api_key");

            if (presented.Length > 10) answer.Text.Should().NotContain(presented, what);
            answer.Header("x-should-retry").Should().Be("false");
        }
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_request_without_a_key_is_turned_away_on_every_route()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Anonymous();
        foreach (var row in RouteCensusTests.Governed.Concat(RouteCensusTests.Local))
        {
            using var request = new HttpRequestMessage(new HttpMethod(row.Method), row.Path.Replace(RouteCensusTests.File, "x1").Replace(RouteCensusTests.Response, "x1")
                .Replace(RouteCensusTests.AzureResponse, "x1").Replace(RouteCensusTests.Deployment, "x1"));
            if (row.Method == "POST") request.Content = GatewayHarness.Json("{}");
            (await Answer.SendAsync(client, request)).ShouldBe(401, "invalid_api_key");
        }
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_megabyte_of_key_is_turned_away()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("x-api-key", new string('a', 1024 * 1024));

        int status;
        try
        {
            status = (await Answer.PostAsync(client, "chat/completions", Bodies.Chat())).Status;
        }
        catch (HttpRequestException)
        {
            // The server may hang up while the header is still being sent.
            status = 431;
        }

        status.Should().BeOneOf(400, 401, 431);
        company.Journal.Count.Should().Be(0);
        (await company.ChatAsync()).ShouldBe(200);
    }

    [Theory]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "bearer  ")]
    [InlineData("Authorization", "")]
    [InlineData("x-api-key", "")]
    [InlineData("api-key", "")]
    [InlineData("x-goog-api-key", "")]
    public async Task Each_header_of_the_dialects_carries_a_key(string header, string prefix)
    {
        await using var company = await Company.StartAsync();
        using var client = company.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation(header, prefix + company.Secret("k1"));

        (await Answer.PostAsync(client, "chat/completions", Bodies.Chat())).ShouldBe(200);

        company.Journal.Requests.Single().Headers["Authorization"].Should().Be("Bearer sk-upstream-secret");
        await company.SettledAsync();
    }

    [Fact]
    public async Task A_right_id_with_a_wrong_secret_or_another_mode_is_a_stranger()
    {
        await using var company = await Company.StartAsync();
        KeyToken.TryParse(company.Secret("k1"), out var token).Should().BeTrue();
        string[] forged =
        [
            KeyToken.Create(KeyMode.Live, token!.KeyId, RandomNumberGenerator.GetBytes(32)).Reveal(),
            KeyToken.Create(KeyMode.Test, token.KeyId, token.Secret).Reveal(),
        ];
        foreach (var secret in forged)
        {
            company.Remember("forged", secret);
            (await company.ChatAsync(key: "forged")).ShouldBe(401, "invalid_api_key");
        }
        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Settled.Should().Be(0);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_revoked_key_is_dead_from_the_next_request_on(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);
        (await company.ChatAsync()).ShouldBe(200);

        await KeyIssuer.RevokeAsync(company.Gateway.Database, company.Slug, "k1", Author, TestContext.Current.CancellationToken);

        (await company.ChatAsync()).ShouldBe(401, "key_revoked");
        (await company.GetAsync("models")).ShouldBe(401, "key_revoked");
        (await company.GetAsync("files")).ShouldBe(401, "key_revoked");
        company.Journal.Count.Should().Be(1);
        (await company.SettledAsync()).Events.Should().ContainSingle();
    }

    [Theory]
    [InlineData("{slug: k1, actor: employee/e1, expiresAt: \"2020-01-01T00:00:00Z\"}", false, "key_expired")]
    [InlineData("{slug: k1, actor: employee/e1}", true, "key_revoked")]
    public async Task A_refused_key_leaves_a_row_that_explains_the_refusal(string key, bool isRevoked, string code)
    {
        await using var company = await Company.StartAsync(new Rules { Keys = [key] });
        if (isRevoked)
            await KeyIssuer.RevokeAsync(company.Gateway.Database, company.Slug, "k1", Author, TestContext.Current.CancellationToken);

        var answer = (await company.ChatAsync()).ShouldBe(401, code);

        var refused = (await company.BooksAsync()).Refusals.Should().ContainSingle().Subject;
        refused.Should().BeEquivalentTo(new { Code = code, Route = "chat.completions" });
        refused.RequestId.Should().Be(Guid.Parse(answer.Header("x-spendra-request-id")!));
    }

    [Fact]
    public async Task An_expired_key_is_dead_until_its_expiry_is_moved()
    {
        await using var company = await Company.StartAsync(new Rules { Keys = ["{slug: k1, actor: employee/e1, expiresAt: \"2020-01-01T00:00:00Z\"}"] });
        (await company.ChatAsync()).ShouldBe(401, "key_expired");
        (await company.ChatAsync()).ShouldBe(401, "key_expired");

        await company.ApplyAsync(new Rules { Keys = ["{slug: k1, actor: employee/e1, expiresAt: \"2100-01-01T00:00:00Z\"}"] });

        (await company.ChatAsync()).ShouldBe(200);
        company.Journal.Count.Should().Be(1);
        await company.SettledAsync();
    }

    [Fact]
    public async Task A_test_key_reaches_only_the_sandbox_and_spends_nothing()
    {
        await using var company = await Company.StartAsync();
        var gateway = company.Gateway;
        var before = gateway.Sandbox.Journal.Count;
        var issued = await KeyIssuer.CreateAsync(gateway.Database, gateway.MasterKey, company.Slug,
            new KeyRequest { Slug = "t1", Mode = KeyMode.Test, Actor = "employee/e1" }, Author, TestContext.Current.CancellationToken);
        company.Remember("t1", issued.Value!.Secret);

        (await company.ChatAsync(key: "t1")).ShouldBe(200).Header("x-spendra-reserved-usd").Should().Match(t => decimal.Parse(t!) == 0);
        (await company.PostAsync("responses", Bodies.Response("no_usage=true"), "t1")).ShouldBe(200);
        (await company.ChatAsync("status=500", key: "t1")).ShouldBe(500);

        company.Journal.Count.Should().Be(0);
        gateway.Sandbox.Journal.Requests.Skip((int)before).Should().NotContain(r => r.Headers["Authorization"].Contains("sk-upstream-secret"));
        var books = await company.SettledAsync();
        books.Settled.Should().Be(0);
        books.Events.Should().HaveCount(3).And.OnlyContain(e => e.CostNanos == 0 && e.PriceId == null);
    }

    [Fact]
    public async Task A_gateway_without_a_sandbox_refuses_test_keys()
    {
        await using var gateway = await GatewayHarness.StartAsync(hasSandbox: false);
        await using var company = await Company.StartAsync(gateway: gateway);
        var issued = await KeyIssuer.CreateAsync(gateway.Database, gateway.MasterKey, company.Slug,
            new KeyRequest { Slug = "t1", Mode = KeyMode.Test, Actor = "employee/e1" }, Author, TestContext.Current.CancellationToken);
        company.Remember("t1", issued.Value!.Secret);

        (await company.ChatAsync(key: "t1")).ShouldBe(503, "provider_unavailable");

        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Events.Should().BeEmpty();
    }

    [Fact]
    public async Task A_credential_that_cannot_be_opened_costs_nothing()
    {
        await using var company = await Company.StartAsync();
        await using (var connection = await company.Gateway.Database.ConnectAsync(TestContext.Current.CancellationToken))
        {
            await Dapper.SqlMapper.ExecuteAsync(connection,
                "UPDATE provider_accounts SET credential = @credential WHERE organization_id = @id",
                new { credential = Encoding.UTF8.GetBytes("sealed with another key, and long enough"), id = company.Id });
        }

        (await company.ChatAsync()).ShouldBe(503, "provider_unavailable");

        var books = await company.SettledAsync();
        books.Events.Should().BeEmpty();
        books.Released.Should().ContainSingle();
        company.Journal.Count.Should().Be(0);
    }
}
