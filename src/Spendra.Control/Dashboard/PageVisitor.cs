using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Spendra.Control.Shell;

namespace Spendra.Control.Dashboard;

/// <summary>
/// Marks a call that a page makes for the person who looks at it. Features come from this process alone: no caller from outside
/// can bring one.
/// </summary>
/// <param name="Person">As their session proved when the page was asked for.</param>
internal sealed record PageVisitor(ClaimsPrincipal Person)
{
    private const string AddressClaim = "spendra:address";

    /// <summary>The session's person, with the address that they come from: a page that stays open has no request to ask.</summary>
    public static ClaimsPrincipal With(ClaimsPrincipal person, HttpContext http)
    {
        var identity = new ClaimsIdentity(person.Identity, person.Claims);
        if (http.Connection.RemoteIpAddress is { } address && !identity.HasClaim(c => c.Type == AddressClaim))
            identity.AddClaim(new Claim(AddressClaim, address.ToString()));
        return new ClaimsPrincipal(identity);
    }

    public IPAddress? Address => IPAddress.TryParse(Person.FindFirstValue(AddressClaim), out var address) ? address : null;

    public CallerSession? Session => SignedIn.Read(Person)?.Session;
}
