using System.Collections.Immutable;

namespace Spendra.Core.Governance;

/// <summary>A tool that is taken out of a request, and the policy that has it taken out.</summary>
public readonly record struct StrippedTool(string Tool, Guid PolicyId, string PolicySlug);

/// <summary>
/// Which of the tools that a request offers to the provider are left out of it, because they are denied and an allowlist
/// says that such tools are left out in place of refusing the request. Every other denial refuses.
/// </summary>
public static class ToolStripping
{
    public static ImmutableArray<StrippedTool> Of(KeyStanding standing, RequestShape request)
    {
        // A call of a tool through the gateway is the request: nothing would be left of it.
        if (request.ToolServer is not null || request.Tools.IsEmpty) return [];
        var stripped = ImmutableArray.CreateBuilder<StrippedTool>();
        foreach (var tool in request.Tools)
        {
            if (StripperOf(standing, request, tool) is { } policy) stripped.Add(new StrippedTool(tool, policy.PolicyId, policy.Slug));
        }
        return stripped.ToImmutable();
    }

    /// <summary>
    /// The policy that has a tool left out: the first that denies it itself, or, when only the key's scope does, the first
    /// that leaves tools out at all. Null when nobody denies it, or when one who refuses does.
    /// </summary>
    private static Policy? StripperOf(KeyStanding standing, RequestShape request, string tool)
    {
        var tools = standing.Key.Tools;
        var isOutsideKey = tools.IsUnrestricted || !ToolName.AdmittedBy(tools, tool);
        Policy? first = null;
        Policy? denying = null;
        foreach (var policy in standing.Policies)
        {
            if (policy.Kind != PolicyKind.Allowlist || !policy.Filter.Matches(request)) continue;
            var denies = !ToolName.AdmittedBy(policy.Allowed.Tools, tool);
            if (denies && !policy.StripsTools) return null;
            if (!policy.StripsTools) continue;
            first ??= policy;
            if (denies) denying ??= policy;
        }
        return denying ?? (isOutsideKey ? first : null);
    }
}
