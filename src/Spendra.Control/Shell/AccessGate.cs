using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Shell;

/// <summary>
/// The one place where a call of the management API is let in: who is it, is this organization theirs, do they hold what the
/// operation needs. An endpoint without a mark lets nobody in.
/// </summary>
internal sealed class AccessGate(Database database, TimeProvider time)
{
    public const string OrganizationParameter = "organization";
    public const string ReasonHeader = "x-spendra-reason";

    private const int LongestReason = 500;
    private const long FreshMicros = 15 * 60 * 1_000_000L;

    private static readonly Problem Unauthenticated = new(ProblemKind.Unauthenticated,
        "Sign in, or send a personal access token as 'Authorization: Bearer spt_…'. What you sent is missing, unknown, expired or revoked.");

    private static readonly Problem NotByToken = new(ProblemKind.Forbidden, "Sign in for this: no token may do it for you.");

    private static readonly Problem Unproven = new(ProblemKind.AntiforgeryRequired,
        $"A call of a browser's session that changes something needs the header {SessionAuthentication.AntiforgeryHeader}: get its value from GET /api/v1/session.");

    private static readonly Problem OnlySessions = new(ProblemKind.Forbidden, "Sign in at a browser for this: tokens do not change how their owners sign in.");

    private static readonly Problem Stale = new(ProblemKind.SignInAgain, "This needs a sign-in of the last 15 minutes. Sign in again and repeat it.");

    /// <summary>Null lets the call in; what handlers bind is then in its features.</summary>
    public async Task<Problem?> CheckAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<Operation>() is not { } operation) return Unmarked(http.Request);
        if (!operation.TakesAnyQuery && QueryRules.Unknown(http) is { } unknown) return unknown;
        if (operation.Audience == Audience.Anybody) return null;
        var result = await http.AuthenticateAsync(ControlAuthentication.SchemeName);
        if (result.Principal is null || SignedIn.Read(result.Principal) is not { } signedIn) return Unauthenticated;
        http.User = result.Principal;
        if (await SessionAuthentication.IsForgedAsync(http)) return Unproven;
        if (signedIn.TokenName is not null && http.GetEndpoint()?.Metadata.GetMetadata<InPerson>() is not null) return NotByToken;
        if (operation.NeedsSession && signedIn.Session is null) return OnlySessions;
        if (operation.NeedsFreshSession && signedIn.Session!.StartedAt < Micros.Now(time) - FreshMicros) return Stale;
        if (operation.Audience == Audience.SignedIn) return null;
        return await AdmitMemberAsync(http, operation, signedIn);
    }

    /// <summary>
    /// What is mapped without a mark is not there for anybody. Routing passes over an operation when the body is of another type
    /// than it reads; no operation reads any but JSON, so that this is what is wrong wherever the call was meant to go.
    /// </summary>
    private static Problem Unmarked(HttpRequest request) =>
        request.ContentType is not null && !request.HasJsonContentType() ? ControlCalls.UnsupportedMediaType : Problem.NotFound;

    private async Task<Problem?> AdmitMemberAsync(HttpContext http, Operation operation, SignedIn signedIn)
    {
        var reason = http.Request.Headers[ReasonHeader].ToString();
        if (reason.Length > 0 && !PlainText.Matches(reason, LongestReason))
            return Problem.Field(ReasonHeader, $"is not plain text of 1 to {LongestReason} characters");
        var slug = http.GetRouteValue(OrganizationParameter) as string ?? "";
        var found = await MemberReader.FindOfUserAsync(database, slug, signedIn.UserId, http.RequestAborted);
        if (found is null || found.Member.Membership.Role is null) return Problem.NotFound;
        if (signedIn.OrganizationId is { } only && only != found.OrganizationId) return Problem.NotFound;

        var caller = new Caller
        {
            OrganizationId = found.OrganizationId,
            Organization = found.Slug,
            Member = found.Member,
            Mask = signedIn.Mask,
            Actor = signedIn.TokenName is { } token ? $"{found.Member.Email} by token {token}" : found.Member.Email,
            Origin = $"api {http.Connection.RemoteIpAddress} request {RequestIds.Of(http)}",
            Reason = reason.Length > 0 ? reason : null,
        };
        if (operation.Needs is { } needed && !caller.Authority.Holds(needed))
            return new Problem(ProblemKind.Forbidden, $"This needs the capability {Capabilities.NameOf(needed)}, which you do not hold here.");
        http.Features.Set(caller);
        return null;
    }
}
