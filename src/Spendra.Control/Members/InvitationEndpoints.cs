using System.ComponentModel;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Members;

/// <summary>Invitations: made with a secret that is shown once, listed, revoked. Accepting one is <see cref="InvitationAcceptance"/>'s.</summary>
internal static class InvitationEndpoints
{
    private const int DefaultDays = 7;

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/invitations").WithTags("Invitations");
        group.MapGet("", ([AsParameters] PageQuery page, [AsParameters] InvitationFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel) =>
                ListAsync(page, filter, caller, database, time, cancel))
            .ForMembers("listInvitations", "List invitations", Capability.MembersRead);
        group.MapGet("/{invitation}", (RowId invitation, Caller caller, Database database, TimeProvider time, CancellationToken cancel) =>
                GetAsync(invitation.Value, caller, database, time, cancel))
            .ForMembers("getInvitation", "Get an invitation", Capability.MembersRead);
        group.MapPost("", (NewInvitation body, Repetition repetition, Caller caller, ChangeDesk desk, MasterKey masterKey, CancellationToken cancel) =>
                CreateAsync(body, repetition, caller, desk, masterKey, cancel))
            .ForMembers("createInvitation", "Invite somebody, with a secret that is shown once", Capability.MembersWrite,
                new NewInvitation { Email = "grace@acme.example", Role = "manager", Scopes = ["team/search"], ExpiresInDays = 7 },
                ProblemKind.Duplicate, ProblemKind.ReplayUnavailable, ProblemKind.IdempotencyMismatch);
        group.MapPost("/{invitation}/revoke", (RowId invitation, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                RevokeAsync(invitation.Value, caller, desk, cancel))
            .ForMembers("revokeInvitation", "Take an invitation back", Capability.MembersWrite, null, ProblemKind.WrongState);
    }

    private static async Task<Answer<Page<InvitationView>>> ListAsync(
        PageQuery query, InvitationFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var read = query.Read("-created", "created", "email", "-email");
        if (!read.IsDone) return read.Problem;
        var page = read.Value;
        if (page.After is { } after && !Guid.TryParse(after[^1], out _)) return Problem.Field("cursor", "is not a cursor of this list");
        var now = Micros.Now(time);
        var rows = await InvitationReader.ListAsync(database, caller.OrganizationId,
            new InvitationListQuery(page.Sort, page.After, page.Limit + 1, filter.State, filter.Search), now, cancel);
        return Outcome<Page<InvitationView>>.Done(page.Take(rows, r => InvitationView.Of(r, now), r => page.Sort.EndsWith("email", StringComparison.Ordinal)
            ? [r.Row.Email, r.Row.InvitationId.ToString()] : [r.Row.InvitationId.ToString()]));
    }

    private static async Task<Answer<InvitationView>> GetAsync(
        Guid invitationId, Caller caller, Database database, TimeProvider time, CancellationToken cancel) =>
        await InvitationReader.FindAsync(database, caller.OrganizationId, invitationId, cancel) is { } found
            ? Outcome<InvitationView>.Done(InvitationView.Of(found, Micros.Now(time)))
            : Problem.NotFound;

    private static async Task<CreationAnswer<CreatedInvitationView>> CreateAsync(
        NewInvitation body, Repetition repetition, Caller caller, ChangeDesk desk, MasterKey masterKey, CancellationToken cancel) =>
        await desk.CreateAsync<CreatedInvitationView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            var email = body.Email.ToLowerInvariant();
            var member = await MemberLists.FindOfEmailAsync(draft.Transaction, email, cancel);
            var invitationId = Guid.CreateVersion7();
            var wanted = new WantedMembership(body.Role, body.Scopes, body.ApprovalLimitUsd, body.Employee);
            var read = MembershipRules.Read(wanted, member?.MemberId ?? invitationId, draft.FindScope);
            if (!read.IsDone) return read.Problem;
            var (gives, employeeId) = read.Value;
            var row = new InvitationRow
            {
                InvitationId = invitationId, Email = email, Gives = gives, EmployeeId = employeeId, InvitedBy = caller.MemberId,
                CreatedAt = draft.NowMicros, ExpiresAt = Micros.Of(Micros.ToInstant(draft.NowMicros).AddDays(body.ExpiresInDays ?? DefaultDays)),
            };
            var link = OneTimeLink.Create(OneTimePurpose.Invitation, invitationId, RandomNumberGenerator.GetBytes(OneTimeLink.SecretBytes));
            var write = new GovernanceWrite.AddInvitation(row, masterKey.DigestSecret(link.Secret));
            draft.About(write);
            if (await ConflictAsync(draft, row, member, cancel) is { } conflict) return conflict;
            draft.Change(write, "create", "invitation", email,
                null, AccessText.Of(row, draft.NameOf));
            var secret = link.Reveal();
            // Behind '#': browsers send that part to nobody, so it stands in no log.
            return Outcome<CreatedInvitationView>.Done(
                new CreatedInvitationView(InvitationView.Of(draft, row, caller.Member.Email), secret, $"/invitation#{secret}"),
                location: $"/api/v1/organizations/{caller.Organization}/invitations/{invitationId}");
        }, cancel);

    /// <summary>What keeps an address from being invited as a row says; null when nothing does.</summary>
    private static async Task<Problem?> ConflictAsync(Draft draft, InvitationRow row, MemberRow? member, CancellationToken cancel)
    {
        if (member is { IsRemoved: false, Membership.Role: not null })
            return new Problem(ProblemKind.Duplicate, $"{row.Email} is a member with a role already. Change the role instead.");
        if (await InvitationReader.IsInvitedAsync(draft.Transaction, row.Email, cancel))
            return new Problem(ProblemKind.Duplicate, $"{row.Email} is invited already. Revoke that invitation first.");
        return await MemberEndpoints.TakenAsync(draft, row.EmployeeId, member?.MemberId, cancel);
    }

    private static async Task<Answer<InvitationView>> RevokeAsync(Guid invitationId, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<InvitationView>(caller, StateParts.Scopes, async draft =>
        {
            if (await InvitationReader.FindAsync(draft.Transaction, invitationId, cancel) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.EndInvitation(before.Row, IsAccepted: false));
            if (before.Row.AcceptedAt is not null || before.Row.RevokedAt is not null)
                return new Problem(ProblemKind.WrongState, "It was accepted or revoked before.");
            var row = before.Row with { RevokedAt = draft.NowMicros };
            draft.Change(new GovernanceWrite.EndInvitation(row, IsAccepted: false), "revoke", "invitation", row.Email,
                AccessText.Of(before.Row, draft.NameOf), null);
            return Outcome<InvitationView>.Done(InvitationView.Of(draft, row, before.InvitedBy));
        }, cancel);
}

/// <summary>Which invitations.</summary>
public sealed class InvitationFilter
{
    [FromQuery(Name = "state"), Description("Only those in this state."), AllowedTexts("pending", "accepted", "revoked", "expired")]
    public string? State { get; init; }

    [FromQuery(Name = "search"), Description("Only those whose address contains this text, in any case."), Plain]
    public string? Search { get; init; }
}
