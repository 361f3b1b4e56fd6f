using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.SignIn;

/// <summary>Which roles people get who sign in at the OpenID Connect provider: one list, read and changed as a whole.</summary>
internal static class SignInRuleEndpoints
{
    private const int MostRules = 200;

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/sign-in-rules").WithTags("Sign-in");
        group.MapGet("", GetAsync).ForMembers("getSignInRules", "Get which roles people get who sign in at the OpenID Connect provider", Capability.MembersRead);
        group.MapPut("", PutAsync).ForMembers("updateSignInRules", "Say which roles people get who sign in at the OpenID Connect provider", Capability.RolesGrant,
            new EditedSignInRules { Rules = [new EditedSignInRule { Group = "search-team", Role = "employee", Scopes = ["team/search"] }] },
            ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<SignInRulesView>> GetAsync(Caller caller, Database database, CancellationToken cancel)
    {
        var row = await SignInRuleReader.ReadAsync(database, caller.OrganizationId, cancel);
        var names = await SignInRuleReader.ScopeNamesAsync(database, caller.OrganizationId, cancel);
        return Outcome<SignInRulesView>.Done(View(row, names.GetValueOrDefault), row.Version);
    }

    private static async Task<Answer<SignInRulesView>> PutAsync(
        EditedSignInRules body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<SignInRulesView>(caller, StateParts.Scopes, async draft =>
        {
            var before = await SignInRuleReader.ReadAsync(draft.Transaction, cancel);
            draft.About(new GovernanceWrite.PutSignInRules(before, before));
            if (match.Check(before.Version) is { } stale) return stale;
            if (body.Rules.Count > MostRules) return Problem.Field("rules", $"are more than {MostRules}");
            var rules = ImmutableArray.CreateBuilder<SignInRule>();
            for (var i = 0; i < body.Rules.Count; i++)
            {
                var (rule, wrong) = Read(draft, body.Rules[i], $"rules[{i}]");
                if (wrong is not null) return wrong;
                if (rules.Any(r => r.Group == rule!.Group)) return Problem.Field($"rules[{i}].group", "stands in the list before");
                rules.Add(rule!);
            }
            var row = new SignInRulesRow(rules.ToImmutable(), before.Version + 1);
            draft.Change(new GovernanceWrite.PutSignInRules(row, before), "update", "sign_in_rules", "all", Describe(before, draft), Describe(row, draft));
            return Outcome<SignInRulesView>.Done(View(row, draft.NameOf), row.Version);
        }, cancel);

    private static (SignInRule? Rule, Problem? Problem) Read(Draft draft, EditedSignInRule body, string field)
    {
        var role = MemberRoles.Find(body.Role)!.Value;
        if (body.Group is null && MemberRoles.IsElevated(role)) return (null, Problem.Field($"{field}.role", "is elevated: a domain gives nobody such a role"));
        var references = body.Scopes ?? [];
        if (MemberRoles.IsScoped(role) == (references.Count == 0))
            return (null, Problem.Field($"{field}.scopes", MemberRoles.IsScoped(role) ? "is missing: this role holds over scopes" : "has a meaning for managers and employees only"));
        var scopeIds = ImmutableArray.CreateBuilder<Guid>();
        for (var i = 0; i < references.Count; i++)
        {
            if (draft.FindScope(references[i]) is not { } scope) return (null, Problem.Field($"{field}.scopes[{i}]", "names no scope that is there and that you see"));
            scopeIds.Add(scope.Scope.ScopeId);
        }
        return (new SignInRule(body.Group, role, scopeIds.ToImmutable()), null);
    }

    private static Description Describe(SignInRulesRow row, Draft draft) => new(
        [.. row.Rules.Select((r, i) => ($"rules[{i}]", (string?)$"{(r.Group is null ? "everybody of the domains" : $"group {r.Group}")}: {MemberRoles.NameOf(r.Role)}{Over(r, draft)}"))]);

    private static string Over(SignInRule rule, Draft draft) =>
        rule.ScopeIds.IsEmpty ? "" : $" over {string.Join(", ", rule.ScopeIds.Select(draft.NameOf))}";

    private static SignInRulesView View(SignInRulesRow row, Func<Guid, string?> nameOf) => new(
        [.. row.Rules.Select(r => new SignInRuleView(r.Group, MemberRoles.NameOf(r.Role), [.. r.ScopeIds.Select(id => nameOf(id) ?? id.ToString())]))], row.Version);
}

/// <summary>The rules, in the order in which they are looked at: the first that fits holds.</summary>
internal sealed record SignInRulesView(IReadOnlyList<SignInRuleView> Rules, long Version);

/// <param name="Group">A group of the provider's; null for everybody whose address is of a verified domain of the organization.</param>
/// <param name="Role">The role that they get.</param>
/// <param name="Scopes">Of managers and employees, what the role holds over.</param>
internal sealed record SignInRuleView(string? Group, string Role, IReadOnlyList<string> Scopes);

/// <summary>All rules as they shall be.</summary>
public sealed record EditedSignInRules
{
    [NoNulls]
    public required IReadOnlyList<EditedSignInRule> Rules { get; init; }
}

/// <summary>A rule as it shall be.</summary>
public sealed record EditedSignInRule
{
    /// <summary>A group of the provider's; absent for everybody whose address is of a verified domain of the organization.</summary>
    [Plain]
    public string? Group { get; init; }

    [AllowedTexts("org_admin", "iam_admin", "platform_admin", "finance_manager", "manager", "employee", "auditor")]
    public required string Role { get; init; }

    /// <summary>Of managers and employees, such as <c>team/search</c>.</summary>
    [Names]
    public IReadOnlyList<string>? Scopes { get; init; }
}
