using System.Globalization;
using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Access;

namespace Spendra.Control.Shell;

/// <summary>A session in a browser.</summary>
/// <param name="SessionId">Its row.</param>
/// <param name="StartedAt">When the person proved who they are.</param>
internal sealed record CallerSession(Guid SessionId, long StartedAt);

/// <summary>The person behind a call, however they proved who they are.</summary>
/// <param name="UserId">The person.</param>
/// <param name="TokenName">The personal access token that was presented; null for somebody who signed in.</param>
/// <param name="OrganizationId">The only organization that the token is for; null for somebody who signed in.</param>
/// <param name="Mask">What the token leaves of its owner's capabilities.</param>
internal sealed record SignedIn(Guid UserId, string? TokenName, Guid? OrganizationId, CapabilitySet Mask)
{
    private const string UserClaim = "spendra:user";
    private const string TokenClaim = "spendra:token";
    private const string OrganizationClaim = "spendra:organization";
    private const string CapabilityClaim = "spendra:capability";
    private const string SessionClaim = "spendra:session";
    private const string StartClaim = "spendra:session_start";

    /// <summary>The session of somebody who signed in in a browser; null for tokens of any kind.</summary>
    public CallerSession? Session { get; private init; }

    /// <summary>The claims that every scheme issues for a person.</summary>
    public static Claim[] ClaimsOf(Guid userId) => [new(UserClaim, userId.ToString())];

    /// <summary>The claims of a session.</summary>
    public static Claim[] ClaimsOf(Guid userId, Guid sessionId, long startedAt) =>
    [
        .. ClaimsOf(userId),
        new(SessionClaim, sessionId.ToString()),
        new(StartClaim, startedAt.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>The claims of a token: its owner, its organization and what it may do.</summary>
    public static Claim[] ClaimsOf(Guid userId, string tokenName, Guid organizationId, IEnumerable<Capability> capabilities) =>
    [
        .. ClaimsOf(userId),
        new(TokenClaim, tokenName),
        new(OrganizationClaim, organizationId.ToString()),
        .. capabilities.Select(c => new Claim(CapabilityClaim, Capabilities.NameOf(c))),
    ];

    public static SignedIn? Read(ClaimsPrincipal principal)
    {
        if (!Guid.TryParse(principal.FindFirstValue(UserClaim), out var userId)) return null;
        if (principal.FindFirstValue(TokenClaim) is not { } token)
            return new SignedIn(userId, null, null, CapabilitySet.Everything) { Session = ReadSession(principal) };
        return Guid.TryParse(principal.FindFirstValue(OrganizationClaim), out var organizationId)
            ? new SignedIn(userId, token, organizationId,
                CapabilitySet.Of([.. principal.FindAll(CapabilityClaim).Select(c => Capabilities.Find(c.Value)).OfType<Capability>()]))
            : null;
    }

    private static CallerSession? ReadSession(ClaimsPrincipal principal) =>
        Guid.TryParse(principal.FindFirstValue(SessionClaim), out var sessionId)
        && long.TryParse(principal.FindFirstValue(StartClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var startedAt)
            ? new CallerSession(sessionId, startedAt) : null;

    public static ValueTask<SignedIn?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<SignedIn?>(Read(context.User)
            ?? throw new InvalidOperationException("this endpoint is not marked as an operation for people who are signed in"));
}
