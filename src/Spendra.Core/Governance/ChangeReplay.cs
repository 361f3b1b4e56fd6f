using System.Collections.Immutable;
using Spendra.Core.Budgets;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Governance;

/// <summary>A request that was admitted and booked, as far as rules can look at it again.</summary>
public sealed record PastRequest
{
    public required Guid RequestId { get; init; }

    public required Guid KeyId { get; init; }

    /// <summary>The scopes that it belonged to when it was made.</summary>
    public required ImmutableArray<Guid> ScopeIds { get; init; }

    public required string Provider { get; init; }

    public required string Model { get; init; }

    public string? Environment { get; init; }

    /// <summary>The most that it could have cost.</summary>
    public required NanoUsd Bound { get; init; }

    /// <summary>Output units that the bound covers, of all choices.</summary>
    public long BoundOutput { get; init; }

    /// <summary>What was booked in all.</summary>
    public required NanoUsd Cost { get; init; }

    /// <summary>Microseconds since the Unix epoch.</summary>
    public required long ReservedAt { get; init; }

    /// <summary>
    /// What rules look at. Which of a provider's own tools a request offered is kept nowhere: rules about those see none.
    /// </summary>
    public RequestShape Shape() => new()
    {
        Provider = Provider,
        Model = Model,
        Environment = Environment,
        ToolServer = Provider == KnownProvider.Mcp ? ToolName.ServerOf(Model) : null,
        Tools = Provider == KnownProvider.Mcp && Model.Length > 0 ? [Model] : [],
    };
}

/// <summary>What a change would have made of a past request.</summary>
/// <param name="IsRefused">Refused, or held for a review; otherwise flagged or clamped.</param>
/// <param name="Code">A refusal's code, or <c>soft_cap</c>, <c>alert</c>, <c>review</c>, <c>output_clamped</c>.</param>
/// <param name="Policy">The slug of the policy that speaks; null for a budget that no policy points at yet.</param>
public sealed record ReplayedEffect(bool IsRefused, string Code, string? Policy);

/// <summary>
/// Shows past requests to changed rules, with the code that decides real ones. Requests come in the order in which they were
/// made; each is taken as over before the next begins, since nothing is known of what was in flight.
/// </summary>
public sealed class ChangeReplay
{
    private static readonly Guid PermitId = new(0xffffffff, 0xffff, 0xffff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

    private readonly Dictionary<Guid, WindowRow> _windows = [];
    private readonly Guid _organizationId;
    private readonly Policy[] _policies;
    private readonly HashSet<Guid> _subjects;
    private readonly Policy _permit;
    private readonly GovernanceSnapshot _snapshot;

    /// <param name="organizationId">The organization.</param>
    /// <param name="budget">The budget that the rules are about; null for rules that need none.</param>
    /// <param name="policies">The rules: those that changed, and those that count on the same budget.</param>
    /// <param name="subjects">Ids of the policies whose effects are told.</param>
    public ChangeReplay(Guid organizationId, Budget? budget, IEnumerable<Policy> policies, IEnumerable<Guid> subjects)
    {
        _organizationId = organizationId;
        _policies = [.. policies];
        _subjects = [.. subjects];
        // These requests were permitted. Without a cap that says so every one of them would be refused for want of a permit.
        var endless = new Budget
        {
            BudgetId = PermitId, Slug = "", ScopeId = organizationId, Amount = new NanoUsd(long.MaxValue),
            Period = Period.Of(PeriodKind.Total), Zone = TimeZoneInfo.Utc,
        };
        _permit = new Policy { PolicyId = PermitId, Slug = "", Kind = PolicyKind.HardCap, ScopeId = organizationId, BudgetId = PermitId };
        _snapshot = new GovernanceSnapshot(new GovernanceRows
        {
            OrganizationId = organizationId,
            Slug = "",
            Epoch = 0,
            Scopes = new Dictionary<Guid, Scope>(),
            Budgets = new[] { endless, budget }.OfType<Budget>().ToDictionary(b => b.BudgetId),
            Policies = _policies.Append(_permit).ToDictionary(p => p.PolicyId),
            Keys = new Dictionary<Guid, ScopedKey>(),
            KeyDigests = new Dictionary<Guid, byte[]>(),
            Accounts = new Dictionary<Guid, ProviderAccount>(),
            Prices = new Dictionary<Guid, PriceVersion>(),
        });
    }

    /// <summary>Whether a request belongs to a scope that a changed rule binds.</summary>
    public bool Concerns(PastRequest request) => _policies.Any(p => _subjects.Contains(p.PolicyId) && request.ScopeIds.Contains(p.ScopeId));

    /// <summary>What the rules say to the next request; null when nothing.</summary>
    public ReplayedEffect? Next(PastRequest request)
    {
        var applicable = _policies.Where(p => request.ScopeIds.Contains(p.ScopeId)).ToArray();
        if (applicable.Length == 0) return null;
        var shape = request.Shape();
        var standing = new KeyStanding(KeyOf(request), [], [.. applicable, _permit]);
        switch (Admission.Decide(_snapshot, standing, shape, request.Bound, request.ReservedAt))
        {
            case Decision.Deny deny:
                return Refused(deny.Refusal.CodeName, Speaker(applicable, shape, deny.Refusal.PolicyId));
            case Decision.Admit admit:
                return Count(request, shape, standing, admit) ?? Clamped(request, shape, standing);
            default:
                return null;
        }
    }

    /// <summary>Holds and settles the request in its windows; what does not fit is refused and counts nowhere.</summary>
    private ReplayedEffect? Count(PastRequest request, RequestShape shape, KeyStanding standing, Decision.Admit admit)
    {
        var claims = admit.Claims.Where(c => c.Window.Budget.BudgetId != PermitId).ToArray();
        var held = claims.Select(c => WindowOf(c.Window, request.ReservedAt)).ToArray();
        for (var i = 0; i < claims.Length; i++)
        {
            if (claims[i].Enforcement != Enforcement.Hard || held[i].Fits(request.Bound)) continue;
            if (Speaker(standing.Policies, shape, claims[i].PolicyId) is { } speaker)
                return Refused(Refusal.NameOf(RefusalCode.BudgetExceeded), speaker);
        }
        foreach (var window in held) _windows[window.WindowId] = window with { Settled = window.Settled + request.Cost };
        var speaking = standing with { Policies = [.. standing.Policies.Where(p => _subjects.Contains(p.PolicyId))] };
        var warnings = BudgetWarnings.Of(speaking, shape, request.Bound, claims, [.. held.Select(w => w with { Reserved = request.Bound })]);
        if (warnings.IsEmpty) return null;
        var parts = warnings[0].Split(':');
        return new ReplayedEffect(IsRefused: false, parts[0], parts[1]);
    }

    private static ReplayedEffect? Clamped(PastRequest request, RequestShape shape, KeyStanding standing) =>
        Admission.OutputClamp(standing, shape) is { } clamp && request.BoundOutput > clamp
            ? new ReplayedEffect(IsRefused: false, "output_clamped", standing.Policies[0].Slug)
            : null;

    private static ReplayedEffect? Refused(string code, Policy? speaker) =>
        speaker is null ? null : new ReplayedEffect(IsRefused: true, code, speaker.Slug.Length > 0 ? speaker.Slug : null);

    /// <summary>
    /// The policy whose effect a refusal is: the one that the refusal names, or another cap on the same budget that applies
    /// as well. Null when none of these is what changed; the request was admitted, so it stays so.
    /// </summary>
    private Policy? Speaker(Policy[] policies, RequestShape shape, Guid? policyId) =>
        policies.FirstOrDefault(p => p.PolicyId == policyId && _subjects.Contains(p.PolicyId))
        ?? policies.FirstOrDefault(p => p.Kind == PolicyKind.HardCap && _subjects.Contains(p.PolicyId) && p.Filter.Matches(shape));

    private WindowRow WindowOf(BudgetWindow window, long atMicros) =>
        (_windows.GetValueOrDefault(window.WindowId) ?? new WindowRow
        {
            OrganizationId = _organizationId,
            WindowId = window.WindowId,
            BudgetId = window.Budget.BudgetId,
            Span = window.Span,
            Limit = NanoUsd.Zero,
            Reserved = NanoUsd.Zero,
            Settled = NanoUsd.Zero,
        }) with { Limit = window.Budget.AmountAt(atMicros) };

    // The key's own scope was checked when the request was made; only its id matters, to approvals of reviews.
    private static ScopedKey KeyOf(PastRequest request) => new()
    {
        KeyId = request.KeyId, Slug = "", Mode = KeyMode.Live, ActorId = Guid.Empty, Tools = new NameSet([NameSet.Any]),
    };
}
