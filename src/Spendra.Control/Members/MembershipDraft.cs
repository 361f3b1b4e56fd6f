using Spendra.Control.Dashboard;
using Spendra.Core.Money;

namespace Spendra.Control.Members;

/// <summary>What somebody shall hold, as it is typed.</summary>
public sealed class MembershipDraft
{
    /// <summary>As the management API names it; empty for none.</summary>
    public string Role { get; set; } = "";

    /// <summary>References parted by spaces.</summary>
    public string Scopes { get; set; } = "";

    /// <summary>USD; empty for no limit.</summary>
    public string ApprovalLimit { get; set; } = "";

    /// <summary>Such as <c>employee/ada</c>; empty for none.</summary>
    public string Employee { get; set; } = "";

    /// <summary>Null for a role that is over everything: what was typed before the role was another has no meaning any more.</summary>
    public IReadOnlyList<string>? ReadScopes() =>
        RoleWords.IsScoped(Role) && Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } scopes ? scopes : null;

    public bool TryReadLimit(out NanoUsd? limit, out PageProblem? problem)
    {
        (limit, problem) = (null, null);
        if (!RoleWords.Decides(Role) || QueryText.OrNull(ApprovalLimit) is not { } text) return true;
        if (NanoUsd.TryParse(text, out var amount))
        {
            limit = amount;
            return true;
        }
        problem = PageProblem.NotAnAmount("approvalLimitUsd");
        return false;
    }
}
