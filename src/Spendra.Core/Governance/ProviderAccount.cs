using System.Collections.Immutable;

namespace Spendra.Core.Governance;

public enum CredentialKind
{
    /// <summary>The payload names an environment variable of the gateway process.</summary>
    Environment,
    /// <summary>The payload is encrypted; only the gateway opens it.</summary>
    Sealed,
}

/// <summary>What an account says beside its address and credential.</summary>
public sealed record AccountSettings
{
    /// <summary>Azure: the model, by its exact id in the price book, behind each deployment's name.</summary>
    public ImmutableSortedDictionary<string, string> Deployments { get; init; } = NoDeployments;

    /// <summary>
    /// What the account's host or contract costs, in per cent of the price book's rates: regional hosts and data zones
    /// 110. Holds for tokens.
    /// </summary>
    public int RatePercent { get; init; } = Pricing.Cost.DefaultTierPercent;

    /// <summary>
    /// MCP: what the server says that a call cost (<c>_meta.cost</c>, in USD) is settled, up to the tool's price.
    /// </summary>
    public bool TrustsCost { get; init; }

    /// <summary>
    /// OpenAI and Azure: the vector stores at the account that are this organization's. No other is searched: an account
    /// may serve several.
    /// </summary>
    public ImmutableSortedSet<string> VectorStores { get; init; } = NoStores;

    public static ImmutableSortedSet<string> NoStores { get; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>
    /// A request that does not fit by its bytes may be sent to the provider's counting endpoint before it is refused.
    /// </summary>
    public bool CountsTokens { get; init; } = true;

    public static ImmutableSortedDictionary<string, string> NoDeployments { get; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    // Made after what it consists of: static members come to be in the order in which they stand here.
    public static readonly AccountSettings None = new();
}

/// <summary>A credential for an upstream provider, as stored: a reference or cipher text, never the secret.</summary>
public sealed record ProviderAccount
{
    /// <summary>
    /// The account that test keys use. It exists in every organization without a row, reaches only the sandbox
    /// and is never charged.
    /// </summary>
    public static readonly Guid SandboxId = new("00000000-0000-8000-8000-00005a4db0c5");

    public required Guid AccountId { get; init; }

    public required string Slug { get; init; }

    public required string Provider { get; init; }

    /// <summary>Absolute http or https address that the routes below the provider's version prefix are added to.</summary>
    public required string BaseUrl { get; init; }

    public required CredentialKind CredentialKind { get; init; }

    /// <summary>Empty, of the kind <see cref="CredentialKind.Environment"/>, where the upstream wants none.</summary>
    public required byte[] Credential { get; init; }

    public bool HasCredential => CredentialKind != CredentialKind.Environment || Credential.Length > 0;

    public AccountSettings Settings { get; init; } = AccountSettings.None;
}
