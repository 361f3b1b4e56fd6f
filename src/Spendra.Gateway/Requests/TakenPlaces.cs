using Spendra.Core.Governance;

namespace Spendra.Gateway.Requests;

/// <summary>
/// The places that one request takes among those in flight: one of its key before its body is read, and one under
/// every limit on concurrency that matches, once it is known what it asks for.
/// </summary>
internal sealed class TakenPlaces(GatewayParts parts) : IDisposable
{
    private readonly List<InFlightCount> _underLimits = [];
    private InFlightCount? _ofKey;

    public bool TryTakeOfKey(Guid keyId)
    {
        var count = parts.InFlightOf(keyId, policyId: default);
        if (!count.TryEnter(parts.Options.MaxConcurrentPerKey)) return false;
        _ofKey = count;
        return true;
    }

    /// <summary>The limit that has no place left, or null and a place is taken under each.</summary>
    public Policy? TakeUnderLimits(KeyStanding standing, RequestShape shape)
    {
        LeaveLimits();
        foreach (var policy in standing.Policies)
        {
            if (policy is not { Kind: PolicyKind.RequestLimit, MaxConcurrent: { } max } || !policy.Filter.Matches(shape)) continue;
            var count = parts.InFlightOf(standing.Key.KeyId, policy.PolicyId);
            if (!count.TryEnter(max))
            {
                LeaveLimits();
                return policy;
            }
            _underLimits.Add(count);
        }
        return null;
    }

    public void Dispose()
    {
        LeaveLimits();
        _ofKey?.Leave();
        _ofKey = null;
    }

    private void LeaveLimits()
    {
        foreach (var count in _underLimits) count.Leave();
        _underLimits.Clear();
    }
}
