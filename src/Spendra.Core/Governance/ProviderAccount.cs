namespace Spendra.Core.Governance;

public enum CredentialKind
{
    /// <summary>The payload names an environment variable of the gateway process.</summary>
    Environment,
    /// <summary>The payload is encrypted; only the gateway opens it.</summary>
    Sealed,
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

    public required byte[] Credential { get; init; }
}
