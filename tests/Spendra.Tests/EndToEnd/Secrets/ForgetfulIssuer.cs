using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>An OpenID Connect provider that signs nobody in, and says in its refusal all that it was told: code and client secret too.</summary>
internal sealed class ForgetfulIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ForgetfulIssuer(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    /// <summary>What came with the last exchange of a code.</summary>
    public string Told { get; private set; } = "";

    public static async Task<ForgetfulIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var issuer = new ForgetfulIssuer(app);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer = issuer.Url, authorization_endpoint = $"{issuer.Url}/auth", token_endpoint = $"{issuer.Url}/token", jwks_uri = $"{issuer.Url}/keys",
            response_types_supported = new[] { "code" }, subject_types_supported = new[] { "public" }, id_token_signing_alg_values_supported = new[] { "RS256" },
        }));
        app.MapGet("/keys", () => Results.Json(new { keys = Array.Empty<object>() }));
        app.MapPost("/token", async (HttpRequest request) =>
        {
            issuer.Told = await new StreamReader(request.Body).ReadToEndAsync();
            return Results.Json(new { error = "invalid_grant", error_description = $"refused: {issuer.Told} {request.Headers.Authorization}" }, statusCode: 400);
        });
        await app.StartAsync();
        return issuer;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
