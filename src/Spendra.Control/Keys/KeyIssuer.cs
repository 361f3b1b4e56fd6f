using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Keys;

/// <summary>What a new key shall be. Texts are as people type them.</summary>
public sealed record KeyRequest
{
    public required string Slug { get; init; }

    public required KeyMode Mode { get; init; }

    /// <summary><c>employee/e1001</c>, <c>agent/x</c> or <c>subagent/x</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>A project's slug, or null.</summary>
    public string? Project { get; init; }

    /// <summary>Null does not restrict; an empty list permits nothing.</summary>
    public IReadOnlyList<string>? Providers { get; init; }

    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>Server-side tools; null permits none.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    public string? Environment { get; init; }

    public NanoUsd? MaxRequest { get; init; }

    /// <summary>Microseconds since the Unix epoch, or null for never.</summary>
    public long? ExpiresAt { get; init; }
}

/// <summary>A key as lists show it.</summary>
public sealed record ListedKey(
    string Slug, Guid KeyId, KeyMode Mode, string Actor, string? Project, string? Environment, NanoUsd? MaxRequest,
    long? ExpiresAt, long CreatedAt, string CreatedBy, long? RevokedAt)
{
    public string Id => KeyToken.DisplayName(Mode, KeyId);
}

/// <summary>Why a key could not be made or revoked, in one line.</summary>
public sealed record KeyRefusal(string Message);

/// <summary>A key, or why there is none: exactly one of the two.</summary>
public sealed record KeyOutcome<T>(T? Value, KeyRefusal? Refusal) where T : class
{
    internal static KeyOutcome<T> Of(T value) => new(value, null);

    internal static KeyOutcome<T> No(string message) => new(null, new KeyRefusal(message));
}

/// <summary>Makes, lists and revokes single keys, each with an audit record and a new governance epoch.</summary>
public static class KeyIssuer
{
    /// <summary>Makes a key and returns its secret, which is never shown again.</summary>
    public static async Task<KeyOutcome<IssuedKey>> CreateAsync(
        Database database, MasterKey masterKey, string organization, KeyRequest request, ChangeAuthor author,
        CancellationToken cancel)
    {
        if (KeyRequestRules.Contradiction(request) is { } wrong) return KeyOutcome<IssuedKey>.No(wrong);
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organization, TimeProvider.System, cancel);
        if (transaction.IsNew) return KeyOutcome<IssuedKey>.No($"organization '{organization}' does not exist");
        var state = await transaction.LoadStateAsync(cancel);

        if (state.Keys.Any(k => k.Key.Slug == request.Slug))
            return KeyOutcome<IssuedKey>.No($"key '{request.Slug}' exists: a key's slug is used once, also after it is revoked");
        if (KeyRequestRules.FindScope(state, request.Actor) is not { Scope.IsActor: true } actor)
            return KeyOutcome<IssuedKey>.No($"actor '{request.Actor}' does not exist: expected employee/<slug>, agent/<slug> or subagent/<slug>");
        ScopeRow? project = null;
        if (request.Project is { } name)
        {
            project = KeyRequestRules.FindScope(state, name.StartsWith("project/", StringComparison.Ordinal) ? name : $"project/{name}");
            if (project is null) return KeyOutcome<IssuedKey>.No($"project '{name}' does not exist");
            if (!actor.MayName(project))
                return KeyOutcome<IssuedKey>.No($"{project.Scope.Reference} is not among the projects of {actor.Scope.Reference}");
        }

        var key = KeyRequestRules.ToKey(request, actor, project);
        var after = Description.Of(key, id => id == key.ActorId ? actor.Scope.Reference : project!.Scope.Reference);
        var (write, issued) = IssuedKey.Mint(key, masterKey);
        await transaction.ApplyAsync(
            [new GovernanceChange(write, new ChangeNote("create", "key", key.Slug, null, after.ToJson()))], author, cancel);
        return KeyOutcome<IssuedKey>.Of(issued);
    }

    /// <summary>Every key of an organization by slug, revoked ones included; null when there is no such organization.</summary>
    public static async Task<IReadOnlyList<ListedKey>?> ListAsync(Database database, string organization, CancellationToken cancel)
    {
        var state = await GovernanceStateReader.ReadAsync(database, organization, nowMicros: 0, cancel);
        if (state.Organization is null) return null;
        var names = state.Scopes.ToDictionary(s => s.Scope.ScopeId, s => s.Scope.Reference);
        return [.. state.Keys.OrderBy(k => k.Key.Slug, StringComparer.Ordinal).Select(k => List(k, names))];
    }

    /// <summary>Revokes a key for good, from the commit on and on every gateway. Revoking again changes nothing.</summary>
    /// <param name="database">A migrated database.</param>
    /// <param name="organization">The organization's slug.</param>
    /// <param name="slugOrId">The key's slug, its id as lists show it, or its full token.</param>
    /// <param name="author">Whom the audit record names.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<KeyOutcome<ListedKey>> RevokeAsync(
        Database database, string organization, string slugOrId, ChangeAuthor author, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organization, TimeProvider.System, cancel);
        if (transaction.IsNew) return KeyOutcome<ListedKey>.No($"organization '{organization}' does not exist");
        var state = await transaction.LoadStateAsync(cancel);
        var isId = KeyToken.TryParseId(slugOrId, out var keyId);
        if (state.Keys.FirstOrDefault(k => k.Key.Slug == slugOrId || (isId && k.Key.KeyId == keyId)) is not { } row)
            return KeyOutcome<ListedKey>.No("there is no such key: expected a slug or an id from the list of keys");
        var names = state.Scopes.ToDictionary(s => s.Scope.ScopeId, s => s.Scope.Reference);
        if (row.Key.RevokedAt is null)
        {
            var before = Description.Of(row.Key, id => names[id]);
            await transaction.ApplyAsync(
                [new GovernanceChange(new GovernanceWrite.RevokeKey(row.Key), new ChangeNote("revoke", "key", row.Key.Slug, before.ToJson(), null))],
                author, cancel);
            row = row with { Key = row.Key with { RevokedAt = transaction.NowMicros } };
        }
        else
        {
            await transaction.ApplyAsync([], author, cancel);
        }
        return KeyOutcome<ListedKey>.Of(List(row, names));
    }

    private static ListedKey List(KeyRow row, Dictionary<Guid, string> names) => new(
        row.Key.Slug, row.Key.KeyId, row.Key.Mode, names[row.Key.ActorId],
        row.Key.ProjectId is { } project ? names[project] : null, row.Key.Environment, row.Key.MaxRequest,
        row.Key.ExpiresAt, row.CreatedAt, row.CreatedBy, row.Key.RevokedAt);
}
