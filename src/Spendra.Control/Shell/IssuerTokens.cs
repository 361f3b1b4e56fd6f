using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Shell;

/// <summary>
/// Bearer tokens of a configured issuer, as Supabase makes them: signed with a shared secret (HS256), or with keys that the
/// issuer publishes. Which of the two is the setting's word and never the token's: a public key is no shared secret.
/// </summary>
internal static class IssuerTokens
{
    public const string SchemeName = "issuer";

    private const int LongestKeySet = 1 << 20;

    // Clocks of two machines differ; expired is expired for people otherwise.
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KeysAge = TimeSpan.FromHours(1);
    private static readonly string[] PublishedAlgorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384,
    ];

    public static AuthenticationBuilder AddIssuerTokens(this AuthenticationBuilder builder, JwtOptions options) =>
        builder.AddJwtBearer(SchemeName, bearer =>
        {
            bearer.MapInboundClaims = false;
            bearer.SaveToken = false;
            bearer.IncludeErrorDetails = false;
            bearer.RequireHttpsMetadata = false; // the settings allow http on loopback only
            bearer.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = options.Issuer,
                ValidAudience = options.Audience,
                ValidateIssuerSigningKey = true,
                RequireSignedTokens = true,
                RequireExpirationTime = true,
                ClockSkew = Skew,
                ValidAlgorithms = options.Secret is null ? PublishedAlgorithms : [SecurityAlgorithms.HmacSha256],
                IssuerSigningKey = options.Secret is { } secret ? new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret)) : null,
            };
            if (options.JwksUrl is { } url) bearer.ConfigurationManager = ReadKeys(url);
            bearer.Events = new JwtBearerEvents { OnTokenValidated = context => ValidateAsync(context, options) };
        });

    private static ConfigurationManager<OpenIdConnectConfiguration> ReadKeys(Uri url)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            Timeout = Patience,
            MaxResponseContentBufferSize = LongestKeySet,
        };
        return new ConfigurationManager<OpenIdConnectConfiguration>(url.ToString(), new PublishedKeys(),
            new HttpDocumentRetriever(client) { RequireHttps = url.Scheme == Uri.UriSchemeHttps })
        {
            AutomaticRefreshInterval = KeysAge,
        };
    }

    private static async Task ValidateAsync(TokenValidatedContext context, JwtOptions options)
    {
        var claims = context.Principal!;
        if (IssuedIdentities.Read(claims, options.Issuer) is not { } identity || IsUnverified(claims))
        {
            context.Fail("the token names nobody with an address");
            return;
        }
        var services = context.HttpContext.RequestServices;
        var now = Micros.Now(services.GetRequiredService<TimeProvider>());
        var userId = await UserIdentities.ResolveAsync(services.GetRequiredService<Database>(), identity, now, context.HttpContext.RequestAborted);
        if (userId is null)
        {
            context.Fail("the address is another subject's");
            return;
        }
        context.Principal = new ClaimsPrincipal(new ClaimsIdentity(SignedIn.ClaimsOf(userId.Value), SchemeName));
    }

    // Such issuers confirm an address before they give out a token with it; where they say that they did not, it is no proof.
    private static bool IsUnverified(ClaimsPrincipal claims) =>
        string.Equals(claims.FindFirstValue(JwtRegisteredClaimNames.EmailVerified), "false", StringComparison.OrdinalIgnoreCase)
        || string.Equals(claims.FindFirstValue("is_anonymous"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>A key set by itself, without a document that points at it. Shared secrets do not belong in one.</summary>
    private sealed class PublishedKeys : IConfigurationRetriever<OpenIdConnectConfiguration>
    {
        public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(string address, IDocumentRetriever retriever, CancellationToken cancel)
        {
            var configuration = new OpenIdConnectConfiguration();
            foreach (var key in new JsonWebKeySet(await retriever.GetDocumentAsync(address, cancel)).GetSigningKeys())
            {
                if (key is not SymmetricSecurityKey and not JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.Octet }) configuration.SigningKeys.Add(key);
            }
            return configuration;
        }
    }
}
