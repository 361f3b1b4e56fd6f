using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Keys;

/// <summary>
/// Scoped keys: listed, created with a secret that is shown once, changed, rotated, revoked. Whoever holds keys.issue over the
/// actor issues any; employees issue their own within the key rules above them.
/// </summary>
internal static class KeyEndpoints
{
    private const int DefaultOverlapMinutes = 60;
    private const long MinuteMicros = 60_000_000;

    private static readonly NewKey Example = new()
    {
        Slug = "ada-laptop", Actor = "employee/e1001", Project = "ranking", Models = ["gpt-5-mini"], Environment = "dev",
        MaxRequestUsd = new NanoUsd(NanoUsd.PerUsd / 2), ExpiresAt = new DateTimeOffset(2027, 6, 30, 16, 0, 0, TimeSpan.Zero),
    };

    private static readonly EditedKey Edited = new() { Models = ["gpt-5-mini", "gpt-5-nano"], Environment = "dev" };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/keys").WithTags("Keys");
        group.MapGet("", ListAsync).ForMembers("listKeys", "List keys", Capability.KeysRead);
        group.MapGet("/{slug}", GetAsync).ForMembers("getKey", "Get a key", Capability.KeysRead);
        group.MapPost("", CreateAsync).ForMembers("createKey", "Create a key; its secret is shown once", Capability.KeysIssueOwn, Example,
            ProblemKind.Duplicate, ProblemKind.IdempotencyMismatch, ProblemKind.ReplayUnavailable);
        group.MapPut("/{slug}", EditAsync).ForMembers("updateKey", "Change what a key permits", Capability.KeysIssueOwn, Edited,
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/rotate", RotateAsync).ForMembers("rotateKey", "Give a key a new secret; the present one stays good for a while",
            Capability.KeysIssueOwn, new KeyRotation { OverlapMinutes = 120 },
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired, ProblemKind.IdempotencyMismatch, ProblemKind.ReplayUnavailable);
        group.MapPost("/{slug}/revoke", RevokeAsync).ForMembers("revokeKey", "Revoke a key for good", Capability.KeysRevokeOwn, null,
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<KeyView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] KeyListFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var read = query.Read("slug", "-slug", "created", "-created");
        if (!read.IsDone) return read.Problem;
        var (page, now) = (read.Value, Micros.Now(time));
        var isByTime = page.Sort.EndsWith("created", StringComparison.Ordinal);
        if (isByTime && page.After is { } after && !Guid.TryParse(after[0], out _)) return Problem.Field("cursor", "is not a cursor of this list");
        var rows = await KeyLists.ReadAsync(database, caller.Coverage, new KeyListQuery(page.Sort, page.After, page.Limit + 1, now)
        {
            Actor = filter.Actor, Project = filter.Project, State = filter.State, Search = filter.Search,
        }, cancel);
        return Outcome<Page<KeyView>>.Done(page.Take(rows, r => KeyView.Of(r, now), r => [isByTime ? r.Row.Key.KeyId.ToString() : r.Row.Key.Slug]));
    }

    private static async Task<Answer<KeyView>> GetAsync(
        string slug, Caller caller, Database database, TimeProvider time, CancellationToken cancel) =>
        await KeyLists.FindAsync(database, caller.Coverage, slug, cancel) is { } found
            ? Outcome<KeyView>.Done(KeyView.Of(found, Micros.Now(time)), found.Row.ChangedEpoch)
            : Problem.NotFound;

    private static async Task<CreationAnswer<RevealedKey>> CreateAsync(
        NewKey body, Repetition repetition, Caller caller, ChangeDesk desk, MasterKey masterKey, CancellationToken cancel) =>
        await desk.CreateAsync<RevealedKey>(caller, repetition, StateParts.Scopes, async draft =>
        {
            if (draft.FindScope(body.Actor) is not { Scope.IsActor: true } actor)
                return Problem.Field("actor", "names no employee, agent or subagent that is there and that you see");
            var drafted = KeyDrafts.Read(draft, new ScopedKey
            {
                KeyId = Guid.CreateVersion7(), Slug = body.Slug, Mode = body.Mode == "test" ? KeyMode.Test : KeyMode.Live, ActorId = actor.Scope.ScopeId,
            }, body);
            if (!drafted.IsDone) return drafted.Problem;
            var (key, project) = drafted.Value;
            var (write, issued) = IssuedKey.Mint(key, masterKey);
            draft.About(write);
            if (await KeyLists.FindAsync(draft.Transaction, body.Slug, cancel) is not null)
                return new Problem(ProblemKind.Duplicate, $"There is a key '{body.Slug}', perhaps revoked. A slug is used once.");
            draft.Change(write, "create", "key", key.Slug, null, Description.Of(key, draft.NameOf));
            var row = new KeyRow(key, draft.NowMicros, caller.Actor) { ChangedEpoch = draft.NextVersion };
            var view = KeyView.Of(new ListedKeyRow(row, actor.Scope.Reference, project?.Scope.Slug, null), draft.NowMicros);
            return Outcome<RevealedKey>.Done(new RevealedKey(view, issued.Secret), row.ChangedEpoch, Location(caller, key));
        }, cancel);

    private static async Task<Answer<KeyView>> EditAsync(
        string slug, EditedKey body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<KeyView>(caller, StateParts.Scopes, async draft =>
        {
            var found = await FindAsync(draft, slug, match, key => new GovernanceWrite.ChangeKey(key), cancel);
            if (!found.IsDone) return found.Problem;
            var before = found.Value;
            var drafted = KeyDrafts.Read(draft, before.Row.Key, body);
            if (!drafted.IsDone) return drafted.Problem;
            var (key, project) = drafted.Value;
            draft.Change(new GovernanceWrite.ChangeKey(key), "update", "key", slug,
                Description.Of(before.Row.Key, draft.NameOf), Description.Of(key, draft.NameOf));
            return Done(draft, before with { Row = before.Row with { Key = key }, Project = project?.Scope.Slug });
        }, cancel);

    private static async Task<Answer<RevealedKey>> RotateAsync(
        string slug, KeyRotation body, EntityTag match, Repetition repetition, Caller caller, ChangeDesk desk, MasterKey masterKey,
        CancellationToken cancel) => await desk.CreateAsync<RevealedKey>(caller, repetition, StateParts.Scopes, async draft =>
        {
            var found = await FindAsync(draft, slug, match, key => new GovernanceWrite.ChangeKey(key), cancel);
            if (!found.IsDone) return found.Problem;
            var before = found.Value;
            var expiry = KeyDrafts.Expiry(draft, body.ExpiresAt, before: null);
            if (!expiry.IsDone) return expiry.Problem;
            var key = before.Row.Key with { ExpiresAt = expiry.Value.At ?? before.Row.Key.ExpiresAt };
            if (key.IsExpired(draft.NowMicros)) return Problem.Field("expiresAt", "is missing: the key has expired, and a new secret would be as useless");
            var until = draft.NowMicros + (body.OverlapMinutes ?? DefaultOverlapMinutes) * MinuteMicros;
            var (write, issued) = IssuedKey.Rotate(key, masterKey, until);
            draft.Change(write, "rotate", "key", slug, Description.Of(before.Row.Key, draft.NameOf),
                Description.Of(key, draft.NameOf).With("previousSecretUntil", InstantText.Of(until)));
            var done = Done(draft, before with { Row = before.Row with { Key = key, RotatedAt = draft.NowMicros, PreviousUntil = until } });
            return Outcome<RevealedKey>.Done(new RevealedKey(done.Value!, issued.Secret), done.Version, Location(caller, key));
        }, cancel);

    private static async Task<Answer<KeyView>> RevokeAsync(
        string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<KeyView>(caller, StateParts.Scopes, async draft =>
        {
            var found = await FindAsync(draft, slug, match, key => new GovernanceWrite.RevokeKey(key), cancel);
            if (!found.IsDone) return found.Problem;
            var before = found.Value;
            draft.Change(new GovernanceWrite.RevokeKey(before.Row.Key), "revoke", "key", slug, Description.Of(before.Row.Key, draft.NameOf), null);
            return Done(draft, before with { Row = before.Row with { Key = before.Row.Key with { RevokedAt = draft.NowMicros } } });
        }, cancel);

    /// <summary>The key that is to be changed: there, seen, of the right version, and not revoked.</summary>
    private static async Task<Outcome<ListedKeyRow>> FindAsync(
        Draft draft, string slug, EntityTag match, Func<ScopedKey, GovernanceWrite> write, CancellationToken cancel)
    {
        if (await KeyLists.FindAsync(draft.Transaction, slug, cancel) is not { } found || !KeyDrafts.IsSeen(draft, found.Row.Key))
            return Problem.NotFound;
        // Of one's own keys one may know how they stand, also where no rule would let them be issued like that any more.
        var isOwn = draft.Authority.EmployeeId is { } self && KeyRules.IsOwn(draft.Scopes, self, found.Row.Key.ActorId);
        draft.About(isOwn ? [] : [write(found.Row.Key)]);
        if (match.Check(found.Row.ChangedEpoch) is { } stale) return stale;
        return found.Row.Key.RevokedAt is null
            ? Outcome<ListedKeyRow>.Done(found)
            : new Problem(ProblemKind.WrongState, "It is revoked, and a revoked key never comes back. Create another.");
    }

    private static Outcome<KeyView> Done(Draft draft, ListedKeyRow listed)
    {
        var row = listed.Row with { ChangedEpoch = draft.NextVersion };
        return Outcome<KeyView>.Done(KeyView.Of(listed with { Row = row }, draft.NowMicros), row.ChangedEpoch);
    }

    private static string Location(Caller caller, ScopedKey key) => $"/api/v1/organizations/{caller.Organization}/keys/{key.Slug}";
}

/// <summary>Which keys.</summary>
public sealed class KeyListFilter
{
    [FromQuery(Name = "actor"), Description("Only those that speak for this actor, such as employee/e1001.")]
    public string? Actor { get; init; }

    [FromQuery(Name = "project"), Description("Only those that name the project of this slug.")]
    public string? Project { get; init; }

    [FromQuery(Name = "state"), Description("Only those in this state."), AllowedTexts("live", "expired", "revoked")]
    public string? State { get; init; }

    [FromQuery(Name = "search"), Description("Only those whose slug contains this text.")]
    public string? Search { get; init; }
}
