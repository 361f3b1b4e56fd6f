namespace Spendra.Core.Audit;

/// <summary>
/// Who changed what, when, why and from where. States are JSON without secrets; null before a creation and after
/// nothing at all. <c>Hash</c> covers the previous record's hash and every other member.
/// </summary>
public sealed record AuditRecord
{
    public required Guid OrganizationId { get; init; }

    /// <summary>1, 2, 3, … without a gap in each organization.</summary>
    public required long Sequence { get; init; }

    /// <summary>Microseconds since the Unix epoch, UTC.</summary>
    public required long RecordedAt { get; init; }

    public required string Actor { get; init; }

    /// <summary>What was done: <c>create</c>, <c>update</c>, <c>archive</c>, <c>restore</c>, <c>revoke</c>.</summary>
    public required string Action { get; init; }

    public required string SubjectKind { get; init; }

    public required string Subject { get; init; }

    public string? BeforeState { get; init; }

    public string? AfterState { get; init; }

    public string? Reason { get; init; }

    public required string Origin { get; init; }

    public required byte[] PreviousHash { get; init; }

    public required byte[] Hash { get; init; }
}
