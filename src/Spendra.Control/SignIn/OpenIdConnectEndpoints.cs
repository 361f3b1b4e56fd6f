using System.ComponentModel;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Spendra.Control.Shell;

namespace Spendra.Control.SignIn;

/// <summary>Signing in at the OpenID Connect provider: the way there, and where people come back to.</summary>
internal static partial class OpenIdConnectEndpoints
{
    private const int LongestPath = 1_000;

    public static void Map(IEndpointRouteBuilder session)
    {
        var group = session.MapGroup("/openid-connect").WithTags("Sign-in");
        group.MapGet("", ChallengeAsync).Produces(StatusCodes.Status302Found).ForAnybody("signInWithOpenIdConnect", "Go to the OpenID Connect provider to sign in", null,
            ProblemKind.NotFound, ProblemKind.IssuerUnavailable, ProblemKind.TooManyRequests);
        // What comes back is answered by the handler of the framework, before it gets here.
        var callback = new Operation
        {
            Name = "finishOpenIdConnect", Summary = "Come back from the OpenID Connect provider", Audience = Audience.Anybody,
            TakesAnyQuery = true, Problems = [ProblemKind.SignInRefused, ProblemKind.NotFound],
        };
        group.MapGet("/callback", (HttpContext http) => Problem.NotFound.WriteAsync(http))
            .WithName(callback.Name).WithSummary(callback.Summary).WithMetadata(callback);
    }

    private static async Task<IResult> ChallengeAsync(
        [FromQuery, Description("The path to go to afterwards.")] string? @return, ControlOptions options, SignInLimits limits,
        ILogger<SignInDesk> logger, HttpContext http)
    {
        if (options.Oidc is null) return new ProblemResult(Problem.NotFound);
        if (@return is not null && !IsLocal(@return)) return new ProblemResult(Problem.Field("return", "is not a path of this server, such as /budgets"));
        if (limits.Take(http, null) is { } tooMany) return new ProblemResult(tooMany);
        try
        {
            await http.ChallengeAsync(OpenIdConnectSetup.SchemeName, new AuthenticationProperties { RedirectUri = @return ?? "/" });
            return Results.Empty;
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested && IsProvidersFault(e))
        {
            // The framework reads the provider's document first, and tells it of the request. What it says about that is for
            // the operator: nobody has signed in yet.
            var requestId = RequestIds.Of(http);
            LogUnavailable(logger, e, requestId);
            return new ProblemResult(new Problem(ProblemKind.IssuerUnavailable, "The provider does not answer. Try again, or sign in another way."));
        }
    }

    private static bool IsProvidersFault(Exception e) => e is OpenIdConnectProtocolException or HttpRequestException or OperationCanceledException
        || (e is InvalidOperationException && e.InnerException is IOException or HttpRequestException or OperationCanceledException);

    /// <summary>A path here, and no address elsewhere in disguise.</summary>
    public static bool IsLocal(string path) => path.Length <= LongestPath && path.StartsWith('/')
        && !path.StartsWith("//", StringComparison.Ordinal) && !path.Contains('\\') && !path.Any(char.IsControl);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the OpenID Connect provider cannot be used, request {RequestId}")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string requestId);

    private sealed class ProblemResult(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => problem.WriteAsync(httpContext);
    }
}
