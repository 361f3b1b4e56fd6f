using Microsoft.AspNetCore.Identity;
using Spendra.Core.Access;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Members;

/// <summary>What the operator's command came to: a value, or in one line why there is none. Exactly one of the two.</summary>
public sealed record OperatorAnswer<T>(T? Value, string? Refusal) where T : class
{
    internal static OperatorAnswer<T> Of(T value) => new(value, null);

    internal static OperatorAnswer<T> No(string refusal) => new(null, refusal);
}

/// <summary>A member as the operator makes one. Texts are as people type them.</summary>
public sealed record MemberRequest
{
    public required string Email { get; init; }

    /// <summary>For a person who is new; the address when absent.</summary>
    public string? Name { get; init; }

    public required string Role { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];

    public NanoUsd? ApprovalLimit { get; init; }

    /// <summary><c>employee/e1001</c>, or null.</summary>
    public string? Employee { get; init; }

    /// <summary>Null leaves how the person signs in as it is.</summary>
    public string? Password { get; init; }

    public override string ToString() => $"{Email} as {Role}";
}

/// <summary>Members as the operator makes and removes them at the command line: no rule of an organization binds the operator, every change is audited.</summary>
public static class OperatorMembers
{
    private const int PageRows = 1_000;

    /// <summary>Adds a member, or gives one who is there this role instead.</summary>
    public static async Task<OperatorAnswer<ListedMember>> AddAsync(
        Database database, string organization, MemberRequest request, ChangeAuthor author, TimeProvider time, CancellationToken cancel)
    {
        if (!new System.ComponentModel.DataAnnotations.EmailAddressAttribute().IsValid(request.Email) || !Core.Governance.PlainText.Matches(request.Email, 200))
            return OperatorAnswer<ListedMember>.No($"'{request.Email}' is no e-mail address");
        if (request.Name is { } given && !Core.Governance.PlainText.Matches(given, 200)) return OperatorAnswer<ListedMember>.No("the name is not plain text of 1 to 200 characters");
        var email = request.Email.ToLowerInvariant();
        var known = await UserAccounts.FindByEmailAsync(database, email, cancel);
        if (request.Password is { } typed && PasswordRule.Fault(typed, email, known?.Name ?? request.Name ?? email) is { } weak)
            return OperatorAnswer<ListedMember>.No($"the password {weak}");
        var userId = await UserDirectory.FindOrAddAsync(database, email, request.Name ?? email, Micros.Now(time), cancel);
        var person = (await People.FindAsync(database, userId, cancel))!;

        await using var transaction = await GovernanceTransaction.BeginAsync(database, organization, time, cancel);
        if (transaction.IsNew) return OperatorAnswer<ListedMember>.No($"organization '{organization}' does not exist");
        var state = await transaction.LoadStateAsync(cancel, StateParts.Scopes);
        var before = await MemberLists.FindOfEmailAsync(transaction, email, cancel);
        var memberId = before?.MemberId ?? Guid.CreateVersion7();
        var read = MembershipRules.Read(new WantedMembership(request.Role, request.Scopes, request.ApprovalLimit, request.Employee), memberId,
            reference => state.Scopes.FirstOrDefault(s => !s.IsArchived && s.Scope.Reference == reference));
        if (!read.IsDone) return OperatorAnswer<ListedMember>.No(read.Problem.Detail.TrimEnd('.'));
        var (membership, employeeId) = read.Value;
        if (employeeId is { } employee && await MemberLists.FindOfEmployeeAsync(transaction, employee, cancel) is { } other && other != memberId)
            return OperatorAnswer<ListedMember>.No($"another member is {request.Employee}");
        var row = new MemberRow(membership, userId, email, person.Name, employeeId, IsRemoved: false, (before?.Version ?? 0) + 1)
        {
            JoinedAt = before?.JoinedAt ?? transaction.NowMicros,
        };
        var names = state.Scopes.ToDictionary(s => s.Scope.ScopeId, s => s.Scope.Reference);
        if (request.Password is { } password)
            await People.SetPasswordAsync(transaction, userId, new PasswordHasher<MemberRow>().HashPassword(row, password), cancel);
        var note = new ChangeNote(before is null ? "create" : "update", "member", email,
            before is null ? null : AccessText.Of(before, id => names[id]).ToJson(), AccessText.Of(row, id => names[id], request.Password is not null).ToJson());
        await transaction.ApplyAsync([new GovernanceChange(new GovernanceWrite.PutMember(row, before), note)], author, cancel);
        return OperatorAnswer<ListedMember>.Of(new ListedMember(row, [.. request.Scopes.Order(StringComparer.Ordinal)], request.Employee));
    }

    /// <summary>Every member of an organization by address, removed ones left out.</summary>
    public static async Task<IReadOnlyList<ListedMember>> ListAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        var all = new List<ListedMember>();
        for (string[]? after = null; ;)
        {
            var page = await MemberLists.ListAsync(database, organizationId, new MemberListQuery("email", after, PageRows), cancel);
            all.AddRange(page);
            if (page.Count < PageRows) return all;
            after = [page[^1].Row.Email];
        }
    }

    /// <summary>Removes a member, with every token; the last org admin too.</summary>
    /// <param name="database">A migrated database.</param>
    /// <param name="organization">The organization's slug.</param>
    /// <param name="email">The member's address.</param>
    /// <param name="author">Whom the audit record names.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<OperatorAnswer<ListedMember>> RemoveAsync(
        Database database, string organization, string email, ChangeAuthor author, TimeProvider time, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organization, time, cancel);
        if (transaction.IsNew) return OperatorAnswer<ListedMember>.No($"organization '{organization}' does not exist");
        if (await MemberLists.FindOfEmailAsync(transaction, email, cancel) is not { IsRemoved: false } before)
            return OperatorAnswer<ListedMember>.No($"'{email}' is no member: expected an address from the list of members");
        var state = await transaction.LoadStateAsync(cancel, StateParts.Scopes);
        var names = state.Scopes.ToDictionary(s => s.Scope.ScopeId, s => s.Scope.Reference);
        var (row, changes) = MemberEnd.Of(before, await TokenLists.OfMemberAsync(transaction, before.MemberId, cancel), "remove", id => names[id]);
        await transaction.ApplyAsync(changes, author, cancel);
        return OperatorAnswer<ListedMember>.Of(new ListedMember(row, [], null));
    }
}
