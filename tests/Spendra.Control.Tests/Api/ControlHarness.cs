using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Spendra.Control.Declarations;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests.Api;

/// <summary>The management API on a real port and a real database, with members of every role.</summary>
internal sealed class ControlHarness : IAsyncDisposable
{
    public const string Path = "/api/v1/organizations/acme";

    // The year 2100.
    private const long FarAway = 4_102_444_800_000_000;
    private const string AnyPort = "http://127.0.0.1:0";

    // Tables of calls are no guesses.
    private static readonly ControlOptions Unhurried = new()
    {
        SignInsPerMinute = 10_000, SignInsPerMinuteOfAddress = 100_000,
        CredentialVariables = new CredentialVariables(new Dictionary<string, IReadOnlyList<string>>
        {
            ["acme"] = ["OPENAI_API_KEY", "OPENAI_API_KEY_2", "NO_SUCH_KEY", "A"], ["other"] = ["NO_SUCH_KEY"],
        }),
    };

    private readonly WebApplication _app;

    private ControlHarness(GovernanceStore store, WebApplication app)
    {
        Store = store;
        _app = app;
        Root = new Uri(app.Urls.First());
    }

    public GovernanceStore Store { get; }

    public Uri Root { get; }

    /// <summary>Every route that is mapped, whatever it is.</summary>
    public IEnumerable<RouteEndpoint> Mapped =>
        ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ControlHarness> StartAsync(
        DatabaseEngine engine, Action<IServiceCollection>? replace = null, ControlOptions? options = null, string url = AnyPort)
    {
        var store = await GovernanceStore.OpenAsync(engine);
        return await StartAsync(store, replace, options, url);
    }

    /// <summary>Another process on the same database; the first to be disposed of takes the database along.</summary>
    public Task<ControlHarness> StartBesideAsync(ControlOptions? options, Action<IServiceCollection>? replace = null) =>
        StartAsync(Store, replace, options, AnyPort);

    private static async Task<ControlHarness> StartAsync(GovernanceStore store, Action<IServiceCollection>? replace, ControlOptions? options, string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(store.Database);
        builder.Services.AddSingleton(store.MasterKey);
        builder.Services.AddSpendraControl(options ?? Unhurried);
        replace?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapSpendraControl();
        await app.StartAsync(Cancel);
        return new ControlHarness(store, app);
    }

    public async Task ApplyAsync(string yaml)
    {
        var outcome = await Spendra.Control.Declarations.Declarations.ApplyAsync(Store.Database, Store.MasterKey, yaml, "test.yaml",
            new DeclarationOptions(), new ChangeAuthor("operator", "test"), null, Cancel);
        var reason = outcome is ApplyOutcome.Refused refused ? string.Join("; ", refused.Errors) : "";
        outcome.Should().BeOfType<ApplyOutcome.Applied>(reason);
    }

    /// <summary>Makes a member, as the operator does.</summary>
    public async Task<MemberRow> AddMemberAsync(
        string email, MemberRole? role, string[]? scopes = null, string organization = "acme", NanoUsd? approvalLimit = null,
        string? employee = null)
    {
        var userId = await UserDirectory.FindOrAddAsync(Store.Database, email, email, 1, Cancel);
        await using var transaction = await GovernanceTransaction.BeginAsync(Store.Database, organization, TimeProvider.System, Cancel);
        var state = await transaction.LoadStateAsync(Cancel, StateParts.Scopes);
        Guid IdOf(string reference) => state.Scopes.Single(s => s.Scope.Reference == reference).Scope.ScopeId;
        ImmutableArray<Guid> ids = [.. (scopes ?? []).Select(IdOf)];
        var row = new MemberRow(new Membership(Guid.CreateVersion7(), role, ids, approvalLimit), userId, email, email,
            employee is null ? null : IdOf(employee), false, 1);
        await transaction.ApplyAsync(
            [new GovernanceChange(new GovernanceWrite.PutMember(row, null), new ChangeNote("create", "member", email, null, "{}"))],
            new ChangeAuthor("operator", "test"), Cancel);
        return row;
    }

    /// <summary>Makes a personal access token, as the operator does.</summary>
    public async Task<string> AddTokenAsync(
        MemberRow member, CapabilitySet? capabilities = null, string organization = "acme", long expiresAt = FarAway)
    {
        var token = AccessToken.Create(Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(AccessToken.SecretBytes));
        await using var transaction = await GovernanceTransaction.BeginAsync(Store.Database, organization, TimeProvider.System, Cancel);
        var held = capabilities ?? CapabilitySet.Everything;
        var row = new AccessTokenRow
        {
            TokenId = token.TokenId, MemberId = member.MemberId, Name = "test", ExpiresAt = expiresAt,
            Capabilities = [.. Capabilities.All.Where(held.Holds)],
        };
        await transaction.ApplyAsync(
            [new GovernanceChange(new GovernanceWrite.AddToken(row, Store.MasterKey.DigestSecret(token.Secret)), new ChangeNote("create", "token", "test", null, "{}"))],
            new ChangeAuthor("operator", "test"), Cancel);
        return token.Reveal();
    }

    /// <summary>A client of a new member of a role.</summary>
    public async Task<ControlClient> ClientAsync(MemberRole? role, params string[] scopes)
    {
        var name = role is { } known ? MemberRoles.NameOf(known) : "nobody";
        var member = await AddMemberAsync($"{name}-{Guid.NewGuid():N}@acme.example", role, scopes);
        return Client(await AddTokenAsync(member));
    }

    public ControlClient Client(string? token)
    {
        var client = new HttpClient { BaseAddress = Root };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new ControlClient(client);
    }

    /// <summary>Ends the process; its database stays.</summary>
    public Task StopAsync() => _app.StopAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await Store.DisposeAsync();
    }
}

/// <summary>A caller of the management API.</summary>
internal sealed class ControlClient(HttpClient http)
{
    public HttpClient Http => http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Task<ControlAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<ControlAnswer> PostAsync(string path, object? body = null, string? ifMatch = null, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, path, body, ifMatch, idempotencyKey);

    public Task<ControlAnswer> PutAsync(string path, object body, string? ifMatch = "*") => SendAsync(HttpMethod.Put, path, body, ifMatch);

    public async Task<ControlAnswer> SendAsync(HttpMethod method, string path, object? body, string? ifMatch = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(method, path.StartsWith("/api", StringComparison.Ordinal) ? path : ControlHarness.Path + path);
        if (body is string text) request.Content = new StringContent(text, Encoding.UTF8, "application/json");
        else if (body is not null) request.Content = JsonContent.Create(body);
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (idempotencyKey is not null) request.Headers.Add("idempotency-key", idempotencyKey);
        using var response = await http.SendAsync(request, Cancel);
        return new ControlAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), response.Headers.ETag?.ToString(),
            response.Headers.Location?.ToString(), response.Headers.GetValues(RequestIds.Header).Single());
    }
}

/// <summary>What came back.</summary>
internal sealed record ControlAnswer(int Status, string Body, string? ETag, string? Location, string RequestId)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? ProblemType => Json.TryGetProperty("type", out var type) ? type.GetString()![Problem.TypePrefix.Length..] : null;

    /// <summary>Every field that a problem names.</summary>
    public IEnumerable<string> Fields => Json.TryGetProperty("errors", out var errors) ? errors.EnumerateObject().Select(e => e.Name) : [];

    /// <summary>The first field that a problem names.</summary>
    public string? Field => Json.TryGetProperty("errors", out var errors) ? errors.EnumerateObject().First().Name : null;

    public IReadOnlyList<string> Items(string field) => [.. Json.GetProperty("items").EnumerateArray().Select(i => i.GetProperty(field).GetString()!)];
}
