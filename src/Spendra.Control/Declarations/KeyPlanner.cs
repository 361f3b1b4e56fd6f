using Spendra.Core.Keys;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

/// <summary>Declared keys are live keys. Their secrets are made by whoever applies the plan.</summary>
internal static class KeyPlanner
{
    public static void Plan(PlanDraft draft)
    {
        var stored = draft.State.Keys.ToDictionary(k => k.Key.Slug, StringComparer.Ordinal);
        foreach (var item in draft.Declaration.Keys ?? [])
        {
            var actor = draft.Resolve(item.Actor);
            var project = draft.Resolve(item.Project);
            if (actor is not null && project is not null && !actor.MayName(project))
            {
                draft.Errors.Add(item.Project!.Line, $"{item.Project} is not among the projects of {item.Actor}: "
                    + "expected one of them, or the project added to the employee");
            }
            var key = new ScopedKey
            {
                KeyId = Guid.Empty,
                Slug = item.Slug,
                Mode = KeyMode.Live,
                ActorId = actor?.Scope.ScopeId ?? Guid.Empty,
                ProjectId = project?.Scope.ScopeId,
                Providers = item.Providers,
                Models = item.Models,
                Tools = item.Tools,
                Environment = item.Environment,
                MaxRequest = item.MaxRequest,
                ExpiresAt = item.ExpiresAt,
            };
            if (stored.GetValueOrDefault(item.Slug)?.Key is { } before) Change(draft, item, key, before);
            else Create(draft, key with { KeyId = draft.Inputs.NewId() });
        }
    }

    private static void Create(PlanDraft draft, ScopedKey key) =>
        draft.Put("key", key.Slug, before: null, isArchived: false, Description.Of(key, draft.NameOf),
            new GovernanceWrite.AddKey(key, []));

    private static void Change(PlanDraft draft, KeyItem item, ScopedKey declared, ScopedKey before)
    {
        if (before.Mode == KeyMode.Test)
        {
            draft.Errors.Add(item.Line, $"key '{item.Slug}' is a test key, and declared keys are live: use a new slug");
            return;
        }
        var was = Description.Of(before, draft.NameOf);
        if (before.RevokedAt is not null)
        {
            draft.Add(ChangeAction.Unchanged, "key", item.Slug, was, was, write: null,
                "is revoked and stays revoked: a revoked key never comes back; declare one with a new slug");
            return;
        }
        var key = declared with { KeyId = before.KeyId };
        if (item.Actor is not null && declared.ActorId != Guid.Empty && declared.ActorId != before.ActorId)
        {
            draft.Errors.Add(item.Actor.Line, $"key '{item.Slug}' speaks for {draft.NameOf(before.ActorId)}; "
                + "a key's actor cannot change: revoke it and declare one with a new slug");
            return;
        }
        draft.Put("key", item.Slug, was, isArchived: false, Description.Of(key, draft.NameOf), new GovernanceWrite.ChangeKey(key));
    }
}
