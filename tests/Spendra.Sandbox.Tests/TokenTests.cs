using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Spendra.Sandbox.Tests;

public sealed class TokenTests : IAsyncLifetime
{
    private const string Google = "/token";
    private const string Entra = "/my-tenant/oauth2/v2.0/token";
    private const string Vertex = "/v1/projects/p/locations/l/endpoints/openapi/chat/completions";
    private const string Azure = "/openai/v1/chat/completions";
    private const string JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
    private Provider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await Provider.StartAsync(new SandboxOptions { Time = _time, OnlyIssuedTokens = true, TokenLifetimeSeconds = 600 });
        _provider.Http.DefaultRequestHeaders.Authorization = null;
    }

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Service_account_trades_its_assertion_for_a_token()
    {
        var answer = await PostAsync(Google, ("grant_type", JwtBearer), ("assertion", Jwt()));

        ((string)answer["access_token"]!).Should().StartWith("ya29.");
        ((int)answer["expires_in"]!).Should().Be(600);
        ((string)answer["token_type"]!).Should().Be("Bearer");
        _provider.Server.Journal.CountOf(SandboxRoute.GoogleToken).Should().Be(1);
        _provider.Server.Journal.CountOf(SandboxProvider.GoogleIdentity).Should().Be(1);
        _provider.Server.Journal.ModelCalls.Should().Be(0);
    }

    [Fact]
    public async Task Application_trades_its_secret_or_its_assertion_for_a_token()
    {
        var secret = await PostAsync(Entra, Client(("client_secret", "s")));
        var assertion = await PostAsync(Entra, Client(("client_assertion", "a.b.c")));

        ((string)secret["access_token"]!).Should().NotBe((string)assertion["access_token"]!);
        ((int)secret["ext_expires_in"]!).Should().Be(600);
        _provider.Server.Journal.CountOf(SandboxRoute.EntraToken).Should().Be(2);
    }

    [Theory]
    [InlineData(Vertex)]
    [InlineData(Azure)]
    public async Task Only_issued_tokens_open_the_door_and_only_until_they_end(string path)
    {
        await _provider.PostJsonAsync(path, Provider.Chat(), status: 401);
        Use("sk-test");
        await _provider.PostJsonAsync(path, Provider.Chat(), status: 401);

        Use((string)(await PostAsync(Google, ("grant_type", JwtBearer), ("assertion", Jwt())))["access_token"]!);
        await _provider.PostJsonAsync(path, Provider.Chat());
        _time.Advance(TimeSpan.FromSeconds(599));
        await _provider.PostJsonAsync(path, Provider.Chat());
        _time.Advance(TimeSpan.FromSeconds(1));
        await _provider.PostJsonAsync(path, Provider.Chat(), status: 401);
    }

    [Fact]
    public async Task Azures_key_header_is_refused_where_only_tokens_count()
    {
        _provider.Http.DefaultRequestHeaders.Add("api-key", "sk-test");

        await _provider.PostJsonAsync(Azure, Provider.Chat(), status: 401);
    }

    [Fact]
    public async Task Without_the_option_a_key_counts_beside_tokens_but_an_ended_token_does_not()
    {
        await using var open = await Provider.StartAsync(new SandboxOptions { Time = _time, ApiKey = "sk-test" });
        using var form = new FormUrlEncodedContent(Pairs(Client(("client_secret", "s"))));
        var token = (string)(await open.PostFormAsync(Entra, form))["access_token"]!;

        await open.PostJsonAsync(Azure, Provider.Chat());
        open.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        await open.PostJsonAsync(Azure, Provider.Chat());
        await open.PostJsonAsync("chat/completions", Provider.Chat(), status: 401);
        _time.Advance(TimeSpan.FromHours(1));
        await open.PostJsonAsync(Azure, Provider.Chat(), status: 401);
    }

    [Theory]
    [InlineData("password", "a.b.c", "unsupported_grant_type")]
    [InlineData(JwtBearer, "", "invalid_grant")]
    [InlineData(JwtBearer, "abc", "invalid_grant")]
    [InlineData(JwtBearer, "a.b.c", "invalid_grant")]
    [InlineData(JwtBearer, "e30.e30.sig", "invalid_grant")]
    public async Task Assertion_that_is_no_jwt_is_refused(string grant, string assertion, string code)
    {
        var answer = await PostAsync(Google, 400, ("grant_type", grant), ("assertion", assertion));

        ((string)answer["error"]!).Should().Be(code);
        ((string)answer["error_description"]!).Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("grant_type", "password", 400, "unsupported_grant_type")]
    [InlineData("client_id", "", 400, "invalid_request")]
    [InlineData("client_secret", "", 401, "invalid_client")]
    [InlineData("scope", "https://cognitiveservices.azure.com/", 400, "invalid_scope")]
    public async Task Application_with_a_wrong_field_is_refused(string name, string value, int status, string code)
    {
        var fields = Client(("client_secret", "s")).Where(field => field.Name != name).Append((name, value)).ToArray();

        var answer = await PostAsync(Entra, status, fields);

        ((string)answer["error"]!).Should().Be(code);
    }

    [Fact]
    public async Task Json_is_no_token_request() =>
        ((string)(await _provider.PostJsonAsync(Google, "{}", status: 400))["error"]!).Should().Be("invalid_request");

    [Fact]
    public async Task Knobs_stand_after_the_scope_or_in_a_claim()
    {
        var brief = await PostAsync(Entra, Client(("client_secret", "s"), ("scope", "https://ai.azure.com/.default [[sandbox expires_in=5]]")));
        var busy = await PostAsync(Google, 503, ("grant_type", JwtBearer), ("assertion", Jwt("[[sandbox status=503]]")));
        var wrong = await PostAsync(
            Google, 401, ("grant_type", JwtBearer), ("assertion", Jwt("[[sandbox status=401 error_code=invalid_client]]")));

        ((int)brief["expires_in"]!).Should().Be(5);
        ((string)busy["error"]!).Should().Be("server_error");
        ((string)wrong["error"]!).Should().Be("invalid_client");
    }

    private static string Jwt(string note = "") =>
        Part("""{"alg":"RS256","typ":"JWT"}""") + "."
        + Part($$"""{"iss":"a@b.iam","scope":"https://www.googleapis.com/auth/cloud-platform","aud":"x","exp":1,"iat":0,"note":"{{note}}"}""")
        + ".c2ln";

    private static string Part(string json) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(json)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static (string Name, string Value)[] Client(params (string Name, string Value)[] more) =>
    [
        ("grant_type", "client_credentials"), ("client_id", "app"),
        .. more.Any(field => field.Name == "scope") ? [] : new[] { ("scope", "https://cognitiveservices.azure.com/.default") },
        .. more,
    ];

    private static IEnumerable<KeyValuePair<string, string>> Pairs(IEnumerable<(string Name, string Value)> fields) =>
        fields.Select(field => KeyValuePair.Create(field.Name, field.Value));

    private void Use(string token) => _provider.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

    private Task<JsonNode> PostAsync(string path, params (string Name, string Value)[] fields) => PostAsync(path, 200, fields);

    private async Task<JsonNode> PostAsync(string path, int status, params (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(Pairs(fields));
        return await _provider.PostFormAsync(path, form, status);
    }
}
