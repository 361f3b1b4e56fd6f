using System.ComponentModel.DataAnnotations;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Keys;

/// <summary>A scoped key as callers see it; never its secret. Times are UTC.</summary>
/// <param name="Slug">Its name; used once.</param>
/// <param name="Id">How logs name it: <c>spk_live_…</c> without the secret.</param>
/// <param name="Mode"><c>live</c>, or <c>test</c> for the sandbox.</param>
/// <param name="Actor">Whom it speaks for.</param>
/// <param name="Project">The project that its traffic belongs to, besides.</param>
/// <param name="Providers">What it may use; an absent list does not restrict, an empty one permits nothing.</param>
/// <param name="Models">Exact ids.</param>
/// <param name="Tools">Absent permits none.</param>
/// <param name="Environment">The label of its traffic.</param>
/// <param name="MaxRequestUsd">The most that one request may be bounded at.</param>
/// <param name="ExpiresAt">From then on it is refused.</param>
/// <param name="State"><c>live</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="CreatedBy">By whom.</param>
/// <param name="RotatedAt">When it got its present secret, should that not be its first.</param>
/// <param name="PreviousSecretUntil">Until when the secret before is good as well; absent when it is not.</param>
/// <param name="RevokedAt">When it was revoked.</param>
/// <param name="LastUsedAt">When its latest booked request was made, known about a minute later. Refused and released requests do not count.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record KeyView(
    string Slug, string Id, string Mode, string Actor, string? Project, IReadOnlyList<string>? Providers, IReadOnlyList<string>? Models,
    IReadOnlyList<string>? Tools, string? Environment, NanoUsd? MaxRequestUsd, DateTime? ExpiresAt, string State, DateTime CreatedAt,
    string CreatedBy, DateTime? RotatedAt, DateTime? PreviousSecretUntil, DateTime? RevokedAt, DateTime? LastUsedAt, long Version)
{
    public static KeyView Of(ListedKeyRow listed, long nowMicros)
    {
        var (row, key) = (listed.Row, listed.Row.Key);
        return new KeyView(
            key.Slug, KeyToken.DisplayName(key.Mode, key.KeyId), GovernanceNames.Of(key.Mode), listed.Actor, listed.Project,
            Names(key.Providers), Names(key.Models), Names(key.Tools), key.Environment, key.MaxRequest, Utc(key.ExpiresAt),
            key.RevokedAt is not null ? "revoked" : key.IsExpired(nowMicros) ? "expired" : "live", Micros.ToInstant(row.CreatedAt).UtcDateTime,
            row.CreatedBy, Utc(row.RotatedAt), row.PreviousUntil > nowMicros ? Utc(row.PreviousUntil) : null, Utc(key.RevokedAt),
            Utc(listed.LastUsedAt), row.ChangedEpoch);
    }

    internal static IReadOnlyList<string>? Names(NameSet names) => names.IsUnrestricted ? null : names.Names;

    private static DateTime? Utc(long? micros) => micros is { } at ? Micros.ToInstant(at).UtcDateTime : null;
}

/// <summary>A key with its new secret, which is shown once and kept nowhere.</summary>
/// <param name="Key">The key.</param>
/// <param name="Secret">The whole text that clients send.</param>
internal sealed record RevealedKey(KeyView Key, string Secret) : IShownOnce
{
    public override string ToString() => $"{Key.Slug} [redacted]";
}

/// <summary>What a key permits. An absent list does not restrict, but of tools: absent permits none.</summary>
public abstract record KeyTerms
{
    internal const int MostNames = 10_000;

    /// <summary>The slug of the project that its traffic belongs to, besides.</summary>
    [Plain]
    public string? Project { get; init; }

    [Names(MostNames)]
    public IReadOnlyList<string>? Providers { get; init; }

    /// <summary>Exact ids, bare for openai, otherwise <c>provider/model</c>.</summary>
    [Names(MostNames)]
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>Tools by name, <c>server/tool</c>, or <c>server/*</c>.</summary>
    [Names(MostNames)]
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>The label of its traffic, for filters of policies.</summary>
    [Plain(PolicyRules.LongestEnvironment)]
    public string? Environment { get; init; }

    public NanoUsd? MaxRequestUsd { get; init; }

    /// <summary>With an offset; never when absent.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A new key.</summary>
public sealed record NewKey : KeyTerms
{
    /// <summary>Its name; used once, also after the key is revoked.</summary>
    [Slug]
    public required string Slug { get; init; }

    /// <summary>Whom it speaks for: <c>employee/e1001</c>, <c>agent/indexer</c>.</summary>
    [Plain]
    public required string Actor { get; init; }

    /// <summary><c>live</c> when absent; a test key reaches only the sandbox and spends nothing.</summary>
    [AllowedTexts("live", "test")]
    public string? Mode { get; init; }
}

/// <summary>A key as it shall be: what is absent is taken away. Its slug, actor, mode and secret stay.</summary>
public sealed record EditedKey : KeyTerms;

/// <summary>A new secret for a key.</summary>
public sealed record KeyRotation
{
    /// <summary>How long the present secret stays good: 60 minutes when absent, none for 0, a week at most.</summary>
    [Range(0, 10_080)]
    public int? OverlapMinutes { get; init; }

    /// <summary>Another expiry; the present one stays when absent.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
