using System.Text.Json;
using Spendra.Core.Governance;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Ledger;

/// <summary>What audit records tell of budgets and policies as they were, which their rows no longer do.</summary>
internal sealed class GovernanceHistory
{
    private readonly List<StoredChange> _changes;
    private readonly Dictionary<string, Guid> _budgetIds;

    /// <param name="changes">Those of budgets and policies, in their order.</param>
    /// <param name="budgets">All, the archived too: a slug is one budget's for ever.</param>
    public GovernanceHistory(List<StoredChange> changes, IEnumerable<StoredBudget> budgets)
    {
        _changes = changes;
        _budgetIds = budgets.ToDictionary(b => b.Slug, b => b.BudgetId, StringComparer.Ordinal);
    }

    public Dictionary<Guid, VerifiedPolicy> Policies(IEnumerable<StoredVerifiedPolicy> rows)
    {
        var earlier = _changes.Where(c => c.SubjectKind == "policy" && BudgetOf(c.BeforeState) is not null)
            .ToLookup(c => c.Subject, c => BudgetOf(c.BeforeState)!.Value, StringComparer.Ordinal);
        return rows.ToDictionary(r => r.PolicyId, r => new VerifiedPolicy(GovernanceNames.ReadPolicyKind(r.Kind), r.BudgetId)
        {
            ChangedEpoch = r.ChangedEpoch,
            ArchivedAt = r.ArchivedAt,
            EarlierBudgets = [.. earlier[r.Slug].Distinct()],
        });
    }

    /// <summary>The changes that may leave windows above a hard cap.</summary>
    public IEnumerable<CapChange> CapChanges()
    {
        foreach (var change in _changes)
        {
            if (change.SubjectKind == "budget")
            {
                if (!_budgetIds.TryGetValue(change.Subject, out var budgetId)) continue;
                if (AmountOf(change.BeforeState) is { } before && AmountOf(change.AfterState) is { } after && after < before)
                    yield return new CapChange(change.RecordedAt, budgetId, before - after);
            }
            else if (FieldOf(change.AfterState, "kind") == GovernanceNames.Of(PolicyKind.HardCap) && BudgetOf(change.AfterState) is { } capped)
            {
                // A cap that pointed there already uncovers nothing.
                if (change.Action != "restore" && BudgetOf(change.BeforeState) == capped) continue;
                yield return new CapChange(change.RecordedAt, capped, Lowered: null);
            }
        }
    }

    private Guid? BudgetOf(string? state) =>
        FieldOf(state, "budget") is { } slug && _budgetIds.TryGetValue(slug, out var id) ? id : null;

    private static NanoUsd? AmountOf(string? state) =>
        NanoUsd.TryParse(FieldOf(state, "amountUsd"), out var amount) ? amount : null;

    /// <summary>A field as <see cref="Description.ToJson"/> writes it: an object of texts.</summary>
    private static string? FieldOf(string? state, string field)
    {
        if (state is null) return null;
        try
        {
            using var json = JsonDocument.Parse(state);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(field, out var value)
                && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (JsonException)
        {
            // A record that was tampered with is the chain's matter; it explains nothing here.
            return null;
        }
    }
}

/// <summary>An audit record of a budget or a policy.</summary>
internal sealed class StoredChange
{
    public long RecordedAt { get; set; }
    public string Action { get; set; } = "";
    public string SubjectKind { get; set; } = "";
    public string Subject { get; set; } = "";
    public string? BeforeState { get; set; }
    public string? AfterState { get; set; }
}

internal sealed class StoredVerifiedPolicy
{
    public Guid PolicyId { get; set; }
    public string Slug { get; set; } = "";
    public string Kind { get; set; } = "";
    public Guid? BudgetId { get; set; }
    public long ChangedEpoch { get; set; }
    public long? ArchivedAt { get; set; }
}
