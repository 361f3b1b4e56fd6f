using Spendra.Core.Access;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Members;

/// <summary>How a membership ends: without role, scopes and employee, and every token of it revoked, so that none lives on should the person come back.</summary>
internal static class MemberEnd
{
    /// <summary>The row as it shall be and everything to write.</summary>
    /// <param name="before">The membership as it stands.</param>
    /// <param name="tokens">Its tokens that are not revoked.</param>
    /// <param name="action">How audit records call it.</param>
    /// <param name="nameOf">Names scopes.</param>
    public static (MemberRow Row, IReadOnlyList<GovernanceChange> Changes) Of(
        MemberRow before, IReadOnlyList<ListedToken> tokens, string action, Func<Guid, string> nameOf)
    {
        var row = before with
        {
            Membership = before.Membership with { Role = null, ScopeIds = [], ApprovalLimit = null },
            EmployeeId = null, IsRemoved = true, Version = before.Version + 1,
        };
        var note = new ChangeNote(action, "member", before.Email, AccessText.Of(before, nameOf).ToJson(), null);
        return (row, [.. tokens.Select(t => TokenEnd(t, before.Membership)), new GovernanceChange(new GovernanceWrite.PutMember(row, before), note)]);
    }

    public static GovernanceChange TokenEnd(ListedToken token, Membership? owner) => new(
        new GovernanceWrite.RevokeToken(token.Row, owner), new ChangeNote("revoke", "token", Core.Keys.AccessToken.DisplayName(token.Row.TokenId),
            AccessText.Of(token.Row, token.Email).ToJson(), null));
}
