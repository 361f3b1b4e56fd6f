using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

public enum ChangeAction
{
    Unchanged,
    Create,
    Update,
    /// <summary>An archived row is declared again.</summary>
    Restore,
    Archive,
    Revoke,
}

/// <summary>What applying a declaration does to one item.</summary>
/// <param name="Action">What happens.</param>
/// <param name="Kind">For example <c>team</c>, <c>budget</c>, <c>key</c>.</param>
/// <param name="Slug">The item's name among its kind.</param>
/// <param name="Fields">What differs; every field of a new item.</param>
/// <param name="Note">What the reader should know, or null.</param>
public sealed record PlannedChange(
    ChangeAction Action, string Kind, string Slug, IReadOnlyList<FieldChange> Fields, string? Note = null);

/// <summary>A change with the row that it writes and its audit note; both null when nothing changes.</summary>
internal sealed record PlannedWrite(PlannedChange Change, GovernanceChange? Write);
