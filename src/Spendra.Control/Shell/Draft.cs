using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Control.Shell;

/// <summary>A change in the making: what is there now, under the lock, and what shall be written.</summary>
internal sealed class Draft
{
    private readonly GovernanceTransaction _transaction;
    private readonly Dictionary<Guid, string> _names;

    public Draft(GovernanceTransaction transaction, GovernanceState state, Caller caller, Authority authority)
    {
        _transaction = transaction;
        State = state;
        Caller = caller;
        Authority = authority;
        Scopes = new ScopeTree(state.OrganizationId, state.Scopes.Select(s => s.Scope));
        _names = state.Scopes.ToDictionary(s => s.Scope.ScopeId, s => s.Scope.Reference);
        foreach (var row in state.Budgets) _names[row.Budget.BudgetId] = row.Budget.Slug;
    }

    public GovernanceState State { get; }

    public Caller Caller { get; }

    /// <summary>What the caller holds at this moment, which may be less than when the call was let in.</summary>
    public Authority Authority { get; }

    public ScopeTree Scopes { get; }

    public long NowMicros => _transaction.NowMicros;

    /// <summary>The version that rows of governance get by this change.</summary>
    public long NextVersion => State.Epoch + 1;

    /// <summary>For readers that look at more than the state, under the same lock.</summary>
    public GovernanceTransaction Transaction => _transaction;

    public List<GovernanceChange> Changes { get; } = [];

    /// <summary>What the change is about; null as long as the decision has not said it.</summary>
    public IReadOnlyList<GovernanceWrite>? Subject { get; private set; }

    /// <summary>
    /// Says what the change is about, before anything is said of how it stands: whoever may not write this is told so, whatever
    /// else would keep the change from being made. Without a write: what the caller was seen to cover is enough.
    /// </summary>
    public void About(params GovernanceWrite[] writes) => Subject = writes;

    /// <summary>A scope that is there, live and the caller's to see; null otherwise.</summary>
    public ScopeRow? FindScope(string reference)
    {
        var row = State.Scopes.FirstOrDefault(s => !s.IsArchived && s.Scope.Reference == reference);
        return row is not null && Authority.Covers(Scopes, row.Scope.ScopeId) ? row : null;
    }

    public string NameOf(Guid id) => _names.GetValueOrDefault(id) ?? id.ToString();

    /// <summary>Adds a write with its audit record.</summary>
    public void Change(GovernanceWrite write, string action, string kind, string subject, Description? before, Description? after) =>
        Changes.Add(new GovernanceChange(write, new ChangeNote(action, kind, subject, before?.ToJson(), after?.ToJson())));
}
