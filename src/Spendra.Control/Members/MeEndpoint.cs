using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Members;

/// <summary>Who calls.</summary>
/// <param name="Id">The person's id.</param>
/// <param name="Email">In lower case.</param>
/// <param name="Name">As people write it.</param>
/// <param name="Token">The personal access token that the call was made with; null for somebody who signed in.</param>
/// <param name="Memberships">By the organization's slug; with a token only that of the token's organization.</param>
internal sealed record MeView(Guid Id, string Email, string Name, CallingTokenView? Token, IReadOnlyList<MembershipView> Memberships);

/// <summary>The token of a call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Capabilities">What it was given; what holds of them is in the membership.</param>
internal sealed record CallingTokenView(string Name, IReadOnlyList<string> Capabilities);

/// <summary>What somebody is in one organization.</summary>
/// <param name="Organization">The organization's slug.</param>
/// <param name="OrganizationName">Its name.</param>
/// <param name="TimeZone">The zone of its new budgets, an IANA name: what people there call a day.</param>
/// <param name="MemberId">The membership's id.</param>
/// <param name="Role">Null for a member who sees nothing.</param>
/// <param name="IsEverywhere">Whether the role holds in the whole organization.</param>
/// <param name="Scopes">Otherwise the scopes that it holds, with what is below them.</param>
/// <param name="ApprovalLimitUsd">The most that one decision on a request for budget may give; null is no limit.</param>
/// <param name="Employee">The employee that the member is.</param>
/// <param name="Capabilities">What this call may do, over those scopes.</param>
internal sealed record MembershipView(
    string Organization, string OrganizationName, string TimeZone, Guid MemberId, string? Role, bool IsEverywhere, IReadOnlyList<string> Scopes,
    NanoUsd? ApprovalLimitUsd, string? Employee, IReadOnlyList<string> Capabilities)
{
    public static MembershipView Of(
        string organization, string name, string timeZone, MemberRow row, IReadOnlyList<string> scopes, string? employee, CapabilitySet mask)
    {
        var authority = row.Membership.ToAuthority();
        return new MembershipView(organization, name, timeZone, row.MemberId, row.Membership.Role is { } role ? MemberRoles.NameOf(role) : null,
            authority.CoversEverything, scopes, row.Membership.ApprovalLimit, employee, (authority.Capabilities & mask).Names());
    }
}

/// <summary>Says who calls and what they may do: what a dashboard shows and hides by.</summary>
internal static class MeEndpoint
{
    public static void Map(IEndpointRouteBuilder version) =>
        version.MapGet("/me", (SignedIn signedIn, Database database, CancellationToken cancel) => GetAsync(signedIn, database, cancel))
            .WithTags("Me").ForSignedIn("getMe", "Get who calls, with memberships and capabilities");

    private static async Task<Answer<MeView>> GetAsync(SignedIn signedIn, Database database, CancellationToken cancel)
    {
        if (await People.FindAsync(database, signedIn.UserId, cancel) is not { } person) return Problem.NotFound;
        var memberships = new List<MembershipView>();
        foreach (var membership in await MemberReader.OfUserAsync(database, signedIn.UserId, cancel))
        {
            if (signedIn.OrganizationId is { } only && only != membership.OrganizationId) continue;
            // With the names of what it refers to; gone should it have ended in this moment.
            if (await MemberLists.FindAsync(database, membership.OrganizationId, membership.Member.MemberId, cancel) is not { } listed) continue;
            memberships.Add(MembershipView.Of(membership.Slug, membership.Name, membership.TimeZone, listed.Row, listed.Scopes, listed.Employee, signedIn.Mask));
        }
        var token = signedIn.TokenName is { } name ? new CallingTokenView(name, signedIn.Mask.Names()) : null;
        return Outcome<MeView>.Done(new MeView(person.UserId, person.Email, person.Name, token, memberships));
    }
}
