using System.Net;

namespace Spendra.Control;

/// <summary>How the control plane is reached, and how people prove who they are.</summary>
public sealed record ControlOptions
{
    /// <summary>The address that people use, without a path; null: whatever a call is addressed to.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>True only for http on loopback: cookies are then not marked Secure.</summary>
    public bool IsPlainHttp { get; init; }

    /// <summary>How long a session lasts, however much it is used.</summary>
    public int SessionHours { get; init; } = 12;

    /// <summary>How often a minute one account may be signed in to, right or wrong.</summary>
    public int SignInsPerMinute { get; init; } = 10;

    /// <summary>How often a minute one address may try to sign in.</summary>
    public int SignInsPerMinuteOfAddress { get; init; } = 60;

    /// <summary>Proxies whose word about the caller's address is taken (<c>X-Forwarded-For</c>).</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Which variables of the environment organizations may name as credentials; none by default.</summary>
    public CredentialVariables CredentialVariables { get; init; } = CredentialVariables.None;

    /// <summary>Sign-in at an OpenID Connect provider; null: there is none.</summary>
    public OidcOptions? Oidc { get; init; }

    /// <summary>Bearer tokens of another issuer; null: there is none.</summary>
    public JwtOptions? Jwt { get; init; }
}

/// <summary>An OpenID Connect provider. Prints without its secret.</summary>
public sealed record OidcOptions
{
    /// <summary>The issuer's address: https, or http on loopback.</summary>
    public required Uri Authority { get; init; }

    public required string ClientId { get; init; }

    public required string ClientSecret { get; init; }

    /// <summary>As people know the provider.</summary>
    public string Name { get; init; } = "single sign-on";

    /// <summary>Asked for beside <c>openid</c>, <c>profile</c> and <c>email</c>.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>The claim that lists a person's groups.</summary>
    public string GroupsClaim { get; init; } = "groups";

    public override string ToString() => $"OpenID Connect at {Authority} [redacted]";
}

/// <summary>An issuer of bearer tokens: exactly one of secret and key address is there. Prints without its secret.</summary>
public sealed record JwtOptions
{
    public required string Issuer { get; init; }

    public required string Audience { get; init; }

    /// <summary>The shared secret of HS256: at least 32 characters.</summary>
    public string? Secret { get; init; }

    /// <summary>Where the issuer publishes its keys: https, or http on loopback.</summary>
    public Uri? JwksUrl { get; init; }

    public override string ToString() => $"tokens of {Issuer} [redacted]";
}
