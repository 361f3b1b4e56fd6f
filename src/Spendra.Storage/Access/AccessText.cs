using System.Text.Json;
using Spendra.Core.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>How rows of access are written for people: in lists and in audit records. No secret is described here.</summary>
public static class AccessText
{
    private const string OrganizationKind = "organization/";

    /// <param name="row">The membership.</param>
    /// <param name="nameOf">Names scopes.</param>
    /// <param name="isPasswordSet">Whether the person gets a password with it.</param>
    public static Description Of(MemberRow row, Func<Guid, string> nameOf, bool isPasswordSet = false) => new(
    [
        ("email", row.Email),
        .. Of(row.Membership, nameOf),
        ("employee", row.EmployeeId is { } employee ? nameOf(employee) : null),
        ("password", isPasswordSet ? "set" : null),
    ]);

    /// <param name="row">The invitation.</param>
    /// <param name="nameOf">Names scopes.</param>
    public static Description Of(InvitationRow row, Func<Guid, string> nameOf) => new(
    [
        ("email", row.Email),
        .. Of(row.Gives, nameOf),
        ("employee", row.EmployeeId is { } employee ? nameOf(employee) : null),
        ("expiresAt", InstantText.Of(row.ExpiresAt)),
    ]);

    /// <param name="row">The token.</param>
    /// <param name="email">Its member's address.</param>
    public static Description Of(AccessTokenRow row, string email) => new(
    [
        ("id", Core.Keys.AccessToken.DisplayName(row.TokenId)),
        ("member", email),
        ("name", row.Name),
        ("capabilities", Json(row.Capabilities.Select(Capabilities.NameOf))),
        ("expiresAt", InstantText.Of(row.ExpiresAt)),
    ]);

    public static Description Of(DomainRow row) => new(
        [("domain", row.Domain), ("verifiedAt", row.VerifiedAt is { } at ? InstantText.Of(at) : null)]);

    /// <summary>References as a statement aggregates them: <c>team/search,organization/acme</c>.</summary>
    internal static IReadOnlyList<string> References(string? aggregated) => string.IsNullOrEmpty(aggregated) ? []
        : [.. aggregated.Split(',').Select(r => r.StartsWith(OrganizationKind, StringComparison.Ordinal) ? "organization" : r).Order(StringComparer.Ordinal)];

    private static (string, string?)[] Of(Membership membership, Func<Guid, string> nameOf) =>
    [
        ("role", membership.Role is { } role ? MemberRoles.NameOf(role) : null),
        ("scopes", membership.ScopeIds.IsEmpty ? null : Json(membership.ScopeIds.Select(nameOf).Order(StringComparer.Ordinal))),
        ("approvalLimitUsd", membership.ApprovalLimit?.ToString()),
    ];

    private static string Json(IEnumerable<string> texts) => JsonSerializer.Serialize([.. texts], AccessJson.Default.StringArray);
}
