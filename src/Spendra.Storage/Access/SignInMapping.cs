using Spendra.Core.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>Somebody who has just signed in at the issuer.</summary>
/// <param name="UserId">The person.</param>
/// <param name="Identity">Who the issuer says it is.</param>
/// <param name="Groups">Their groups there.</param>
/// <param name="Origin">Where the call came from, for audit records.</param>
public sealed record IssuedSignIn(Guid UserId, IssuedIdentity Identity, IReadOnlySet<string> Groups, string Origin);

/// <summary>
/// Lets people in whose address is of an organization's domain, and gives roles by their groups at the issuer: as the
/// organization's rules say, with an audit record, and only where something changes.
/// </summary>
public static class SignInMapping
{
    public static async Task ApplyAsync(Database database, TimeProvider time, IssuedSignIn signIn, CancellationToken cancel)
    {
        // The person's own address, not the one that the issuer says today: members are people here.
        var account = await UserAccounts.FindAsync(database, signIn.UserId, cancel);
        var isSameAddress = account is not null && string.Equals(account.Email, signIn.Identity.Email, StringComparison.OrdinalIgnoreCase);
        var domain = signIn.Identity.Email[(signIn.Identity.Email.LastIndexOf('@') + 1)..].ToLowerInvariant();
        var ofDomain = isSameAddress ? await SignInRuleReader.FindOfDomainAsync(database, domain, cancel) : null;
        var organizations = (await SignInRuleReader.OrganizationsOfAsync(database, signIn.UserId, cancel)).ToHashSet();
        if (ofDomain is { } own) organizations.Add(own);
        foreach (var organizationId in organizations.Order())
        {
            var isOfDomain = organizationId == ofDomain;
            var rules = await SignInRuleReader.ReadAsync(database, organizationId, cancel);
            var (place, _) = await SignInRuleReader.FindPlaceAsync(database, organizationId, signIn.UserId, cancel);
            // Without the lock at first: most sign-ins change nothing, and nobody shall wait for them.
            if (SignInRules.Decide(place, SignInRules.Find(rules.Rules, signIn.Groups, isOfDomain), isOfDomain) is null) continue;
            await ChangeAsync(database, time, organizationId, signIn, isOfDomain, cancel);
        }
    }

    private static async Task ChangeAsync(
        Database database, TimeProvider time, Guid organizationId, IssuedSignIn signIn, bool isOfDomain, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organizationId, time, cancel);
        var rules = await SignInRuleReader.ReadAsync(transaction, cancel);
        var (place, before) = await SignInRuleReader.FindPlaceAsync(transaction, signIn.UserId, cancel);
        if (SignInRules.Decide(place, SignInRules.Find(rules.Rules, signIn.Groups, isOfDomain), isOfDomain) is not { } wanted) return;
        var row = before is null
            ? new MemberRow(new Membership(Guid.CreateVersion7(), wanted.Role, wanted.ScopeIds), signIn.UserId,
                signIn.Identity.Email.ToLowerInvariant(), signIn.Identity.Name, EmployeeId: null, IsRemoved: false, Version: 1)
            : before with { Membership = before.Membership with { Role = wanted.Role, ScopeIds = wanted.ScopeIds } };
        var state = await transaction.LoadStateAsync(cancel, StateParts.Scopes);
        var names = state.Scopes.ToDictionary(s => s.Scope.ScopeId, s => s.Scope.Reference);
        var change = new GovernanceChange(new GovernanceWrite.PutMember(row, before) { IsMapped = true }, new ChangeNote(
            before is null ? "join" : "map", "member", row.Email, before is null ? null : Describe(before, names), Describe(row, names)));
        // The rules were made by somebody who may; what nobody may do is take the last org admin away.
        if (await transaction.DenialAsync([change], Authority.Operator, cancel) is not null) return;
        var author = new ChangeAuthor($"{row.Email} by signing in at {signIn.Identity.Issuer}", signIn.Origin, "the organization's sign-in rules");
        await transaction.ApplyAsync([change], author, cancel);
    }

    private static string Describe(MemberRow row, Dictionary<Guid, string> names) => new Description(
    [
        ("role", row.Membership.Role is { } role ? MemberRoles.NameOf(role) : null),
        ("scopes", row.Membership.ScopeIds.IsEmpty ? null
            : string.Join(", ", row.Membership.ScopeIds.Select(id => names.GetValueOrDefault(id) ?? id.ToString()).Order(StringComparer.Ordinal))),
    ]).ToJson();
}
