using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Storage;

namespace Spendra.Gateway.Requests;

/// <summary>Step 1: whose request this is. Format and checksum come before any look-up.</summary>
internal static class Authentication
{
    private const string Bearer = "Bearer ";

    public static async ValueTask<GatewayError?> AuthenticateAsync(GovernedCall call, GatewayParts parts, CancellationToken cancel)
    {
        if (PresentedKey(call.Context.Request) is not { } presented)
        {
            return GatewayError.Unauthorized(
                "No API key was given. Send a Spendra key as 'Authorization: Bearer spk_live_…'.");
        }
        if (!KeyToken.TryParse(presented, out var token))
        {
            return GatewayError.Unauthorized(
                "The API key is not a Spendra key, or is incomplete. Keys look like 'spk_live_…' and are copied whole.");
        }
        call.Token = token;
        call.SecretDigest = parts.MasterKey.DigestSecret(token.Secret);
        var snapshot = await parts.Snapshots.FindByKeyAsync(token.KeyId, cancel);
        if (snapshot?.FindKey(token.KeyId) is not { } key || key.Mode != token.Mode) return Unknown();
        if (Admit(call, snapshot, Micros.Now(parts.Time)) is not { } refused) return null;
        // A refusal by rules that have changed meanwhile (an expiry moved, a scope back in use) would be a false one.
        if (await parts.Snapshots.IsCurrentAsync(snapshot, cancel)) return refused;
        var newer = await parts.Snapshots.RefreshAsync(snapshot.OrganizationId, snapshot, cancel);
        return newer is null ? refused : Admit(call, newer, Micros.Now(parts.Time));
    }

    /// <summary>
    /// Puts an authenticated call under a snapshot; again whenever a newer one is taken, because the key may have
    /// been revoked meanwhile.
    /// </summary>
    public static GatewayError? Admit(GovernedCall call, GovernanceSnapshot snapshot, long atMicros)
    {
        if (snapshot.FindKey(call.Token.KeyId) is not { } key)
            return GatewayError.Unauthorized("The API key is not known here any more.");
        // Here and not only at the start: the secret may have been replaced in a newer snapshot.
        if (!HasSecret(snapshot, call, atMicros)) return Unknown();
        call.Snapshot = snapshot;
        if (key.RevokedAt is not null)
            return GatewayError.From(new Refusal(RefusalCode.KeyRevoked, $"The key '{key.Slug}' has been revoked. Ask whoever manages your keys for a new one."));
        if (key.IsExpired(atMicros))
            return GatewayError.From(new Refusal(RefusalCode.KeyExpired, $"The key '{key.Slug}' has expired. Ask whoever manages your keys for a new one."));
        if (snapshot.StandingOf(key) is not { } standing)
            return GatewayError.From(new Refusal(RefusalCode.ActorUnavailable, $"The owner or project of the key '{key.Slug}' is archived."));
        call.Standing = standing;
        return null;
    }

    /// <summary>The key's secret, or the one before it while that is still good.</summary>
    private static bool HasSecret(GovernanceSnapshot snapshot, GovernedCall call, long atMicros)
    {
        var isCurrent = snapshot.Rows.KeyDigests.TryGetValue(call.Token.KeyId, out var digest)
            && CryptographicOperations.FixedTimeEquals(digest, call.SecretDigest);
        return isCurrent || (snapshot.Rows.PreviousSecrets.TryGetValue(call.Token.KeyId, out var previous)
            && CryptographicOperations.FixedTimeEquals(previous.Digest, call.SecretDigest) && previous.IsGoodAt(atMicros));
    }

    private static GatewayError Unknown() =>
        GatewayError.Unauthorized("The API key is not known here. Ask whoever manages your keys for a new one.");

    /// <summary>The key from wherever clients of the dialects put it; the first one that is there.</summary>
    private static string? PresentedKey(HttpRequest request)
    {
        var headers = request.Headers;
        if (headers.Authorization is [{ Length: > 0 } authorization, ..])
        {
            return authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                ? authorization[Bearer.Length..].Trim()
                : authorization;
        }
        foreach (var name in (ReadOnlySpan<string>)["x-api-key", "api-key", "x-goog-api-key"])
        {
            if (headers.TryGetValue(name, out var values) && values is [{ Length: > 0 } value, ..]) return value;
        }
        // Google's clients may put it into the address, which is neither forwarded nor logged here.
        return request.Query["key"] is [{ Length: > 0 } asked, ..] ? asked : null;
    }
}
