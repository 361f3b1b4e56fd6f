using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Spendra.Control.Shell;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>The OpenID Connect provider: code flow with PKCE, and who comes back is a person with a verified address.</summary>
internal static partial class OpenIdConnectSetup
{
    public const string SchemeName = "openid-connect";
    public const string CallbackPath = "/api/v1/session/openid-connect/callback";

    private const string EmailVerified = "email_verified";
    private const int MostGroups = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WayThere = TimeSpan.FromMinutes(10);

    private static readonly Problem Refused = new(ProblemKind.SignInRefused, "The provider did not sign you in, or that took too long. Begin again.");
    private static readonly Problem NotVerified = new(ProblemKind.SignInRefused, "The provider says no verified address of yours: let it verify one, then sign in again.");
    private static readonly Problem AnotherSubject = new(ProblemKind.SignInRefused, "Your address belongs to somebody else's account at the provider. Ask the operator.");

    public static void AddOpenIdConnect(this IServiceCollection services, OidcOptions oidc, ControlOptions control) =>
        services.AddAuthentication().AddOpenIdConnect(SchemeName, options =>
        {
            options.Authority = oidc.Authority.ToString();
            options.ClientId = oidc.ClientId;
            options.ClientSecret = oidc.ClientSecret;
            options.RequireHttpsMetadata = oidc.Authority.Scheme == Uri.UriSchemeHttps;
            options.ResponseType = OpenIdConnectResponseType.Code;
            options.ResponseMode = OpenIdConnectResponseMode.Query;
            options.UsePkce = true;
            options.SaveTokens = false;
            options.DisableTelemetry = true;
            options.MapInboundClaims = false;
            options.GetClaimsFromUserInfoEndpoint = true;
            options.SignInScheme = SessionAuthentication.SchemeName;
            options.CallbackPath = CallbackPath;
            // Nothing else of the framework's answers below our addresses.
            options.SignedOutCallbackPath = PathString.Empty;
            options.RemoteSignOutPath = PathString.Empty;
            options.RemoteAuthenticationTimeout = WayThere;
            options.BackchannelHttpHandler = new SocketsHttpHandler { AllowAutoRedirect = false };
            options.BackchannelTimeout = Patience;
            options.Scope.Clear();
            foreach (var scope in (IEnumerable<string>)["openid", "profile", "email", .. oidc.Scopes]) options.Scope.Add(scope);
            options.ClaimActions.MapUniqueJsonKey(EmailVerified, EmailVerified);
            options.ClaimActions.MapJsonKey(oidc.GroupsClaim, oidc.GroupsClaim);
            options.TokenValidationParameters.ValidAlgorithms =
            [
                SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
                SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384,
            ];
            Shape(options.CorrelationCookie, "spendra-openid-correlation.", control);
            Shape(options.NonceCookie, "spendra-openid-nonce.", control);
            options.Events.OnTicketReceived = context => FinishAsync(context, oidc);
            options.Events.OnRemoteFailure = FailAsync;
        });

    // They come back with a link from elsewhere, which Lax lets them and Strict does not.
    private static void Shape(CookieBuilder cookie, string name, ControlOptions control)
    {
        SessionAuthentication.Shape(cookie, name, control);
        cookie.SameSite = SameSiteMode.Lax;
    }

    private static async Task FinishAsync(TicketReceivedContext context, OidcOptions oidc)
    {
        var http = context.HttpContext;
        var returnTo = context.ReturnUri is { } uri && OpenIdConnectEndpoints.IsLocal(uri) ? uri : "/";
        context.HandleResponse();
        if (await SignInAsync(http, context.Principal!, oidc) is { } problem) await problem.WriteAsync(http);
        else http.Response.Redirect(returnTo);
    }

    private static async Task<Problem?> SignInAsync(HttpContext http, ClaimsPrincipal claims, OidcOptions oidc)
    {
        var services = http.RequestServices;
        var database = services.GetRequiredService<Database>();
        var time = services.GetRequiredService<TimeProvider>();
        var issuer = oidc.Authority.OriginalString;
        if (!string.Equals(claims.FindFirstValue(EmailVerified), "true", StringComparison.OrdinalIgnoreCase)
            || IssuedIdentities.Read(claims, issuer) is not { } identity) return NotVerified;
        if (await UserIdentities.ResolveAsync(database, identity, Micros.Now(time), http.RequestAborted) is not { } userId) return AnotherSubject;
        if (await UserAccounts.FindAsync(database, userId, http.RequestAborted) is not { } account) return Refused;
        var groups = claims.FindAll(oidc.GroupsClaim).Select(c => c.Value).Take(MostGroups).ToHashSet(StringComparer.Ordinal);
        var origin = $"api {http.Connection.RemoteIpAddress} request {RequestIds.Of(http)}";
        await SignInMapping.ApplyAsync(database, time, new IssuedSignIn(userId, identity, groups, origin), http.RequestAborted);
        await services.GetRequiredService<SignInDesk>().StartAsync(http, account, "openid_connect");
        return null;
    }

    private static async Task FailAsync(RemoteFailureContext context)
    {
        context.HandleResponse();
        // What the provider said may hold anything; the kind of failure is enough to look further.
        var logger = context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Spendra.Control.SignIn");
        var (failure, requestId) = (context.Failure?.GetType().Name, RequestIds.Of(context.HttpContext));
        LogFailed(logger, failure, requestId);
        await Refused.WriteAsync(context.HttpContext);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "a sign-in at the OpenID Connect provider failed: {Failure}, request {RequestId}")]
    private static partial void LogFailed(ILogger logger, string? failure, string requestId);
}
