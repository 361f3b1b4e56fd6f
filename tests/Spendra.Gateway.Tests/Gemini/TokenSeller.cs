using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>An OAuth token endpoint that sells <c>token-1</c>, <c>token-2</c> … for an hour each, and one account to buy with.</summary>
internal sealed class TokenSeller : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<IFormCollection> _requests = new();

    private TokenSeller(WebApplication app) => _app = app;

    public RSA Key { get; } = RSA.Create(2048);

    /// <summary>Answers in place of a sale, or null.</summary>
    public IResult? Instead { get; set; }

    /// <summary>What a sale waits for.</summary>
    public Task Until { get; set; } = Task.CompletedTask;

    public IReadOnlyList<IFormCollection> Requests => [.. _requests];

    public string Url => _app.Urls.First() + "/token";

    public static async Task<TokenSeller> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var seller = new TokenSeller(app);
        app.MapPost("/token", (Delegate)seller.SellAsync);
        await app.StartAsync();
        return seller;
    }

    /// <summary>The key file of the account.</summary>
    public string KeyFile(string? tokenUri = null, string type = "service_account", string? privateKey = null) => JsonSerializer.Serialize(new
    {
        type,
        project_id = "p1",
        private_key_id = "k1",
        private_key = privateKey ?? Key.ExportPkcs8PrivateKeyPem(),
        client_email = "spendra@p1.iam.example",
        token_uri = tokenUri ?? Url,
    });

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Key.Dispose();
    }

    private async Task<IResult> SellAsync(HttpContext context)
    {
        _requests.Enqueue(await context.Request.ReadFormAsync());
        await Until;
        return Instead ?? Results.Json(new { access_token = $"token-{_requests.Count}", expires_in = 3600, token_type = "Bearer" });
    }
}
