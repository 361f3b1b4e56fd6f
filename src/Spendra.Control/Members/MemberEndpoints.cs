using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Members;

/// <summary>The members of an organization: listed, given a role, removed; and how one leaves.</summary>
internal static class MemberEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/members").WithTags("Members");
        group.MapGet("", ([AsParameters] PageQuery page, [AsParameters] MemberFilter filter, Caller caller, Database database, CancellationToken cancel) =>
                ListAsync(page, filter, caller, database, cancel))
            .ForMembers("listMembers", "List members", Capability.MembersRead);
        group.MapGet("/{member}", (RowId member, Caller caller, Database database, CancellationToken cancel) =>
                GetAsync(member.Value, caller, database, cancel))
            .ForMembers("getMember", "Get a member", Capability.MembersRead);
        group.MapPut("/{member}", (RowId member, EditedMember body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                EditAsync(member.Value, body, match, caller, desk, cancel))
            .ForMembers("updateMember", "Change the role, scopes, approval limit or employee of a member", Capability.MembersWrite,
                new EditedMember { Role = "manager", Scopes = ["team/search"], ApprovalLimitUsd = new(250_000_000_000), Employee = "employee/e1001" },
                ProblemKind.Duplicate, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{member}/remove", (RowId member, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                EndAsync(member.Value, "remove", match, caller, desk, cancel))
            .ForMembers("removeMember", "Remove a member, with the member's tokens", Capability.MembersWrite, null, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        organization.MapPost("/leave", (Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                EndAsync(caller.MemberId, "leave", new EntityTag(null, null), caller, desk, cancel))
            .WithTags("Members").ForMembers("leaveOrganization", "Leave the organization", null).OnlyInPerson();
    }

    private static async Task<Answer<Page<MemberView>>> ListAsync(
        PageQuery query, MemberFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("email", "-email", "name", "-name", "joined", "-joined");
        if (!read.IsDone) return read.Problem;
        var page = read.Value;
        var isByTime = page.Sort.EndsWith("joined", StringComparison.Ordinal);
        if (isByTime && page.After is { } after && !long.TryParse(after[0], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return Problem.Field("cursor", "is not a cursor of this list");
        var rows = await MemberLists.ListAsync(database, caller.OrganizationId, new MemberListQuery(
            page.Sort, page.After, page.Limit + 1, filter.Role, filter.Search, filter.Removed == "true"), cancel);
        return Outcome<Page<MemberView>>.Done(page.Take(rows, MemberView.Of, r => page.Sort.TrimStart('-') switch
        {
            "name" => [r.Row.Name, r.Row.Email],
            "joined" => [r.Row.JoinedAt.ToString(CultureInfo.InvariantCulture), r.Row.Email],
            _ => [r.Row.Email],
        }));
    }

    private static async Task<Answer<MemberView>> GetAsync(Guid memberId, Caller caller, Database database, CancellationToken cancel) =>
        await MemberLists.FindAsync(database, caller.OrganizationId, memberId, cancel) is { } found
            ? Outcome<MemberView>.Done(MemberView.Of(found), found.Row.Version)
            : Problem.NotFound;

    private static async Task<Answer<MemberView>> EditAsync(
        Guid memberId, EditedMember body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<MemberView>(caller, StateParts.Scopes, async draft =>
        {
            if (await MemberLists.FindAsync(draft.Transaction, memberId, cancel) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutMember(before, before));
            if (match.Check(before.Version) is { } stale) return stale;
            var wanted = new WantedMembership(body.Role, body.Scopes, body.ApprovalLimitUsd, body.Employee);
            var read = MembershipRules.Read(wanted, memberId, draft.FindScope);
            if (!read.IsDone) return read.Problem;
            var (membership, employeeId) = read.Value;
            if (await TakenAsync(draft, employeeId, memberId, cancel) is { } taken) return taken;
            var row = before with { Membership = membership, EmployeeId = employeeId, Version = before.Version + 1 };
            draft.Change(new GovernanceWrite.PutMember(row, before), "update", "member", row.Email,
                AccessText.Of(before, draft.NameOf), AccessText.Of(row, draft.NameOf));
            return Outcome<MemberView>.Done(MemberView.Of(draft, row), row.Version);
        }, cancel);

    private static async Task<Answer<MemberView>> EndAsync(
        Guid memberId, string action, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<MemberView>(caller, StateParts.Scopes, async draft =>
        {
            if (await MemberLists.FindAsync(draft.Transaction, memberId, cancel) is not { } before) return Problem.NotFound;
            var (row, changes) = MemberEnd.Of(before, await TokenLists.OfMemberAsync(draft.Transaction, memberId, cancel), action, draft.NameOf);
            draft.About([.. changes.Select(c => c.Write)]);
            if (match.Check(before.Version) is { } stale) return stale;
            draft.Changes.AddRange(changes);
            return Outcome<MemberView>.Done(MemberView.Of(draft, row), row.Version);
        }, cancel);

    /// <summary>An employee is one member at most.</summary>
    internal static async Task<Problem?> TakenAsync(Draft draft, Guid? employeeId, Guid? memberId, CancellationToken cancel)
    {
        if (employeeId is not { } known) return null;
        var other = await MemberLists.FindOfEmployeeAsync(draft.Transaction, known, cancel);
        return other is null || other == memberId ? null
            : new Problem(ProblemKind.Duplicate, $"Another member is {draft.NameOf(known)}. Take that away first.");
    }
}

/// <summary>Which members.</summary>
public sealed class MemberFilter
{
    [FromQuery(Name = "role"), Description("Only those of this role; 'none' lists those without one.")]
    [AllowedTexts("org_admin", "iam_admin", "platform_admin", "finance_manager", "manager", "employee", "auditor", "none")]
    public string? Role { get; init; }

    [FromQuery(Name = "search"), Description("Only those whose address or name contains this text, in any case."), Plain]
    public string? Search { get; init; }

    [FromQuery(Name = "removed"), Description("'true' lists removed ones as well."), AllowedTexts("true", "false")]
    public string? Removed { get; init; }
}
