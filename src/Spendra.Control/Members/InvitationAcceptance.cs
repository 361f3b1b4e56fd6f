using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Members;

/// <summary>
/// How somebody becomes a member as invited. What is given is checked once more, against what the inviter holds at this
/// moment: an invitation outlives nobody's rights.
/// </summary>
internal sealed class InvitationAcceptance(Database database, MasterKey masterKey, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder version) =>
        version.MapPost("/invitations/accept", (PresentedSecret body, SignedIn signedIn, HttpContext http, InvitationAcceptance acceptance, CancellationToken cancel) =>
                acceptance.AcceptAsync(body, signedIn, http, cancel))
            .WithTags("Invitations")
            .ForSignedIn("acceptInvitation", "Accept an invitation that was made for one's own address", new PresentedSecret { Secret = "spi_…" },
                ProblemKind.NotFound, ProblemKind.Forbidden, ProblemKind.WrongState)
            .OnlyInPerson();

    private async Task<Answer<MembershipView>> AcceptAsync(PresentedSecret body, SignedIn signedIn, HttpContext http, CancellationToken cancel)
    {
        if (!OneTimeLink.TryParse(OneTimePurpose.Invitation, body.Secret, out var link)) return Problem.NotFound;
        if (await InvitationReader.FindPresentedAsync(database, link.LinkId, cancel) is not { } presented
            || !CryptographicOperations.FixedTimeEquals(presented.SecretHmac, masterKey.DigestSecret(link.Secret))) return Problem.NotFound;
        if (await People.FindAsync(database, signedIn.UserId, cancel) is not { } person) return Problem.NotFound;

        // 1. Lock and load.
        await using var transaction = await GovernanceTransaction.BeginAsync(database, presented.OrganizationId, time, cancel);
        if (await InvitationReader.FindAsync(transaction, presented.InvitationId, cancel) is not { } invitation) return Problem.NotFound;
        var state = await transaction.LoadStateAsync(cancel, StateParts.Scopes);
        var member = await MemberLists.FindOfEmailAsync(transaction, person.Email, cancel);
        var inviter = await transaction.LoadAuthorityAsync(invitation.Row.InvitedBy, cancel);
        var employee = invitation.Row.EmployeeId is { } id ? await MemberLists.FindOfEmployeeAsync(transaction, id, cancel) : null;

        // 2. Decide.
        if (Refusal(invitation.Row, person, member, employee, transaction.NowMicros) is { } refusal) return refusal;
        var memberId = member?.MemberId ?? Guid.CreateVersion7();
        var row = new MemberRow(invitation.Row.Gives with { MemberId = memberId }, person.UserId, person.Email, person.Name,
            invitation.Row.EmployeeId, IsRemoved: false, (member?.Version ?? 0) + 1);
        var names = state.Scopes.ToDictionary(s => s.Scope.ScopeId, s => s.Scope.Reference);
        GovernanceChange[] changes =
        [
            new(new GovernanceWrite.EndInvitation(invitation.Row, IsAccepted: true),
                new ChangeNote("accept", "invitation", person.Email, AccessText.Of(invitation.Row, s => names[s]).ToJson(), null)),
            new(new GovernanceWrite.PutMember(row, member),
                new ChangeNote(member is null ? "create" : "update", "member", person.Email,
                    member is null ? null : AccessText.Of(member, s => names[s]).ToJson(), AccessText.Of(row, s => names[s]).ToJson())),
        ];

        // 3. Check, as what the inviter does now.
        if (await transaction.DenialAsync(changes, inviter, cancel) is { } denial)
            return new Problem(ProblemKind.WrongState, $"What this invitation gives is not {invitation.InvitedBy}'s to give any more ({denial}). Ask for another one.");

        // 4. Apply.
        var author = new ChangeAuthor(person.Email, $"api {http.Connection.RemoteIpAddress} request {RequestIds.Of(http)}",
            $"invited by {invitation.InvitedBy}") { Authority = inviter };
        await transaction.ApplyAsync(changes, author, cancel);
        return Outcome<MembershipView>.Done(MembershipView.Of(state.Organization!.Slug, state.Organization.Name, state.Organization.TimeZone, row,
            invitation.Scopes, invitation.Employee, signedIn.Mask));
    }

    private static Problem? Refusal(InvitationRow invitation, Person person, MemberRow? member, Guid? employee, long nowMicros)
    {
        if (invitation.Email != person.Email) return new Problem(ProblemKind.Forbidden, "This invitation is for another address. Sign in with the address that was invited.");
        if (!invitation.IsPending(nowMicros)) return new Problem(ProblemKind.WrongState, "This invitation was accepted, revoked or has expired.");
        if (member is { IsRemoved: false, Membership.Role: not null }) return new Problem(ProblemKind.WrongState, "You are a member with a role already.");
        if (employee is not null && employee != member?.MemberId) return new Problem(ProblemKind.WrongState, "Another member is the employee that this invitation names. Ask for another one.");
        return null;
    }
}
