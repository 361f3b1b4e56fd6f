using Spendra.Control.Members;
using Spendra.Core.Access;

namespace Spendra.Control.Dashboard;

/// <summary>Who looks at a page, and what they hold: what is shown and hidden by. What they may not do is refused all the same.</summary>
internal sealed class Visit(PageCalls calls)
{
    private Task<PageAnswer<MeView>>? _looking;

    /// <summary>Null until <see cref="LoadAsync"/> found somebody.</summary>
    public MeView? Me { get; private set; }

    /// <summary>
    /// Looks who it is and what they hold: once for all parts of a page, unless that failed. What is taken away meanwhile is refused;
    /// what is given shows after a reload.
    /// </summary>
    /// <returns>Why there is nobody; null when there is.</returns>
    public async Task<PageProblem?> LoadAsync()
    {
        _looking ??= calls.GetAsync<MeView>("me");
        var answer = await _looking;
        Me = answer.Value;
        if (answer.Problem is not null) _looking = null;
        return answer.Problem;
    }

    /// <summary>What the visitor is in an organization; null for none, or one without a role.</summary>
    public MembershipView? In(string organization) =>
        Me?.Memberships.FirstOrDefault(m => m.Organization == organization && m.Role is not null);

    public bool May(string organization, Capability capability) =>
        In(organization)?.Capabilities.Contains(Capabilities.NameOf(capability), StringComparer.Ordinal) == true;
}
