using System.Collections.Immutable;
using Spendra.Core.Money;

namespace Spendra.Core.Governance;

public enum PolicyKind
{
    /// <summary>Refuses what would pass the budget's limit.</summary>
    HardCap,
    /// <summary>Admits and warns when the budget's limit is passed.</summary>
    SoftCap,
    /// <summary>Announces when a share of the budget is reached.</summary>
    Alert,
    /// <summary>Holds requests above a threshold until an approver lets the key make them, or only flags them.</summary>
    Review,
    /// <summary>Only the listed providers, models and tools may be used.</summary>
    Allowlist,
    /// <summary>Limits single requests: cost, output, concurrency.</summary>
    RequestLimit,
}

/// <summary>
/// Names that a rule speaks of. An absent list (default) does not restrict; <c>*</c> in a list admits everything;
/// an empty list admits nothing. Comparison is exact.
/// </summary>
public readonly record struct NameSet(ImmutableArray<string> Names)
{
    public const string Any = "*";

    public static readonly NameSet Unrestricted;

    public bool IsUnrestricted => Names.IsDefault;

    public bool Admits(string name)
    {
        if (Names.IsDefault) return true;
        foreach (var n in Names)
        {
            if (n == Any || n == name) return true;
        }
        return false;
    }

    public bool Equals(NameSet other) => Names.IsDefault || other.Names.IsDefault
        ? Names.IsDefault == other.Names.IsDefault
        : Names.SequenceEqual(other.Names);

    public override int GetHashCode() => Names.IsDefault ? 0 : Names.Length;
}

/// <summary>Which requests a policy applies to; unrestricted when all its sets are.</summary>
public sealed record PolicyFilter
{
    public static readonly PolicyFilter Everything = new();

    public NameSet Providers { get; init; }

    public NameSet Models { get; init; }

    public NameSet Tools { get; init; }

    public NameSet Environments { get; init; }

    /// <summary>A filter on tools matches a request that uses at least one of them.</summary>
    public bool Matches(RequestShape request) =>
        (Models.IsUnrestricted || ModelName.AdmittedBy(Models, request.Provider, request.Model)) && MatchesBesidesModel(request);

    /// <summary>Whether the filter would match if the request named a model that it is for.</summary>
    public bool MatchesBesidesModel(RequestShape request)
    {
        if (!MatchesPlace(request)) return false;
        if (Tools.IsUnrestricted) return true;
        foreach (var tool in request.Tools)
        {
            if (ToolName.AdmittedBy(Tools, tool)) return true;
        }
        return false;
    }

    /// <summary>Whether the filter would match if the request asked for a tool of the server that it is for.</summary>
    public bool ReachesServerOf(RequestShape request) =>
        request.ToolServer is { } server && MatchesPlace(request) && ToolName.ReachesServer(Tools, server);

    private bool MatchesPlace(RequestShape request) =>
        Providers.Admits(request.Provider) && (Environments.IsUnrestricted || Environments.Admits(request.Environment ?? ""));
}

/// <summary>An approver's word that a key may make requests above a review's threshold.</summary>
/// <param name="RequestId">Of the request that was granted.</param>
/// <param name="KeyId">Which key.</param>
/// <param name="Ceiling">The most that one request may be bounded at.</param>
/// <param name="Until">Microseconds since the Unix epoch; from then on it permits nothing.</param>
public sealed record ReviewApproval(Guid RequestId, Guid KeyId, NanoUsd Ceiling, long Until);

/// <summary>A rule on a scope.</summary>
public sealed record Policy
{
    public required Guid PolicyId { get; init; }

    public required string Slug { get; init; }

    public required PolicyKind Kind { get; init; }

    public required Guid ScopeId { get; init; }

    public PolicyFilter Filter { get; init; } = PolicyFilter.Everything;

    /// <summary>The budget of a hard cap, soft cap or alert; null for the other kinds.</summary>
    public Guid? BudgetId { get; init; }

    /// <summary>Alert: shares of the limit in per cent, ascending. Soft cap: unused.</summary>
    public ImmutableArray<int> ThresholdPercents { get; init; } = [];

    /// <summary>Review: requests whose bound is above this need an approval. Zero: every request.</summary>
    public NanoUsd ReviewAbove { get; init; }

    /// <summary>Review: requests above the threshold are admitted and flagged in place of held.</summary>
    public bool OnlyFlags { get; init; }

    /// <summary>Review: which keys may pass the threshold, how far and until when.</summary>
    public ImmutableArray<ReviewApproval> Approvals { get; init; } = [];

    /// <summary>Whether an approval covers a request of a key at an instant.</summary>
    public bool IsApproved(Guid keyId, NanoUsd bound, long atMicros)
    {
        foreach (var approval in Approvals)
        {
            if (approval.KeyId == keyId && bound <= approval.Ceiling && atMicros < approval.Until) return true;
        }
        return false;
    }

    /// <summary>Allowlist: what may be used. For tools, an absent list does not restrict.</summary>
    public PolicyFilter Allowed { get; init; } = PolicyFilter.Everything;

    /// <summary>
    /// Allowlist: tools that it denies, or that the key's scope does, are left out of a request in place of refusing it.
    /// </summary>
    public bool StripsTools { get; init; }

    /// <summary>Request limit: the most that one request may be bounded at, or null.</summary>
    public NanoUsd? MaxRequest { get; init; }

    /// <summary>
    /// Request limit: output tokens per choice. A request that asks for more, or does not say, is clamped to it.
    /// </summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>Request limit: requests of one key that may be in flight at once on one gateway, or null.</summary>
    public int? MaxConcurrent { get; init; }
}

/// <summary>Model ids in rules: bare for <c>openai</c>, otherwise <c>provider/model</c>.</summary>
public static class ModelName
{
    public const string BareProvider = "openai";

    public static bool AdmittedBy(NameSet models, string provider, string model)
    {
        if (models.IsUnrestricted) return true;
        if (provider == BareProvider && models.Admits(model)) return true;
        foreach (var name in models.Names)
        {
            if (name == NameSet.Any) return true;
            if (name.Length == provider.Length + 1 + model.Length
                && name[provider.Length] == '/'
                && name.StartsWith(provider, StringComparison.Ordinal)
                && name.EndsWith(model, StringComparison.Ordinal)) return true;
        }
        return false;
    }
}

/// <summary>What rules may look at: the outline of a request, without its content.</summary>
public readonly record struct RequestShape
{
    public required string Provider { get; init; }

    /// <summary>Exact model id; empty for routes that use none.</summary>
    public required string Model { get; init; }

    public bool HasModel => Model is { Length: > 0 };

    /// <summary>Whether lists of models speak of the request. A tool that runs through the gateway has a price, but is no model.</summary>
    public bool IsForModel => HasModel && Provider != KnownProvider.Mcp;

    /// <summary>The server of tools that the request goes to, or null.</summary>
    public string? ToolServer { get; init; }

    /// <summary>
    /// Server-side tools that the request offers to the provider, or the one that it runs through the gateway
    /// (<c>server/tool</c>); client-run functions do not count.
    /// </summary>
    public ImmutableArray<string> Tools { get => field.IsDefault ? [] : field; init; }

    public string? Environment { get; init; }
}
