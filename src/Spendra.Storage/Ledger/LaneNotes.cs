using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>A gateway process says that it lives.</summary>
internal sealed record Heartbeat(Guid GatewayId, long StartedAt, long At);

/// <summary>An object at a provider is gone.</summary>
internal sealed record ObjectDeletion(Guid OrganizationId, string ObjectId, long DeletedAt);

/// <summary>
/// Writes that decide nothing about money and ride along in a batch's transaction: one commit instead of two, and
/// no second writer to wait for.
/// </summary>
internal sealed class LaneNotes
{
    public List<StrippedToolRecord> StrippedTools { get; } = [];

    public List<ProviderObject> Objects { get; } = [];

    public List<ObjectDeletion> Deletions { get; } = [];

    public List<Heartbeat> Heartbeats { get; } = [];

    public bool IsEmpty => StrippedTools.Count + Objects.Count + Deletions.Count + Heartbeats.Count == 0;
}
