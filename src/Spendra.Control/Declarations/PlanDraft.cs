using Spendra.Core.Governance;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Declarations;

/// <summary>What planning needs from outside: new ids, the time, and the key that opens and seals credentials.</summary>
internal sealed record PlanInputs(MasterKey MasterKey, Func<Guid> NewId, long NowMicros, bool Prune);

/// <summary>
/// A plan in the making: the changes so far, and what exists once they are applied, so that later items can refer
/// to earlier ones.
/// </summary>
internal sealed class PlanDraft(GovernanceState state, Declaration declaration, PlanInputs inputs, ErrorList errors)
{
    private readonly Dictionary<Guid, string> _names = [];
    private readonly Dictionary<(ScopeKind Kind, string Slug), ScopeRow> _liveScopes = [];
    private readonly Dictionary<Guid, ScopeRow> _liveScopeIds = [];

    public GovernanceState State { get; } = state;

    public Declaration Declaration { get; } = declaration;

    public PlanInputs Inputs { get; } = inputs;

    public ErrorList Errors { get; } = errors;

    /// <summary>
    /// False when the text of the file was wrong somewhere: fields may then hold placeholders, and comparing them
    /// with stored rows would only add noise.
    /// </summary>
    public bool IsTextSound { get; } = !errors.Any;

    public List<PlannedWrite> Writes { get; } = [];

    /// <summary>Budgets that exist once the plan is applied, by slug.</summary>
    public Dictionary<string, BudgetRow> LiveBudgets { get; } = new(StringComparer.Ordinal);

    /// <summary>Gives an id its name for descriptions; stored rows keep theirs when they are archived.</summary>
    public void Name(Guid id, string name) => _names[id] = name;

    public string NameOf(Guid id) => _names.GetValueOrDefault(id) ?? id.ToString();

    public void AddLive(ScopeRow row)
    {
        _liveScopes[(row.Scope.Kind, row.Scope.Slug)] = row;
        _liveScopeIds[row.Scope.ScopeId] = row;
    }

    public ScopeRow? FindLive(Guid scopeId) => _liveScopeIds.GetValueOrDefault(scopeId);

    /// <summary>The scope that a reference means; null after a complaint, or when there is no reference.</summary>
    public ScopeRow? Resolve(Reference? reference)
    {
        if (reference is null) return null;
        if (reference.Kind == ScopeKind.Organization) return FindLive(State.OrganizationId);
        if (_liveScopes.TryGetValue((reference.Kind, reference.Slug), out var row)) return row;
        var isArchived = State.Scopes.Any(s => s.Scope.Kind == reference.Kind && s.Scope.Slug == reference.Slug);
        Errors.Add(reference.Line, isArchived
            ? $"{reference} is archived, or pruning archives it: expected it to be declared in this file"
            : $"{reference} does not exist: expected it in this file or applied before");
        return null;
    }

    /// <summary>Compares an item with what is stored and notes what happens to it.</summary>
    public void Put(string kind, string slug, Description? before, bool isArchived, Description after, GovernanceWrite write)
    {
        var fields = Description.Differences(before, after);
        var action = before is null ? ChangeAction.Create
            : isArchived ? ChangeAction.Restore
            : fields.Count > 0 ? ChangeAction.Update
            : ChangeAction.Unchanged;
        Add(action, kind, slug, before, after, action == ChangeAction.Unchanged ? null : write);
    }

    public void Add(
        ChangeAction action, string kind, string slug, Description? before, Description? after, GovernanceWrite? write,
        string? note = null)
    {
        var change = new PlannedChange(action, kind, slug, Description.Differences(before, after), note);
        Writes.Add(new PlannedWrite(change, write is null ? null : new GovernanceChange(write,
            new ChangeNote(Verb(action), kind, slug, before?.ToJson(), after?.ToJson()))));
    }

    private static string Verb(ChangeAction action) => action switch
    {
        ChangeAction.Unchanged => "keep",
        ChangeAction.Create => "create",
        ChangeAction.Update => "update",
        ChangeAction.Restore => "restore",
        ChangeAction.Archive => "archive",
        ChangeAction.Revoke => "revoke",
    };
}
