using System.Collections.Concurrent;
using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Snapshots;

/// <summary>
/// The latest known rules of each organization. A snapshot may be behind the database: the ledger lane refuses a
/// reservation of another epoch, and a denial is confirmed against the database before it is spoken. So being
/// behind costs a second look, never a wrong answer.
/// </summary>
internal sealed class SnapshotStore(GovernanceReader reader)
{
    private readonly ConcurrentDictionary<Guid, Guid> _organizationsByKey = new();
    private readonly ConcurrentDictionary<Guid, Slot> _slots = new();

    /// <summary>The snapshot of the organization that a key belongs to, or null when there is no such key.</summary>
    public async ValueTask<GovernanceSnapshot?> FindByKeyAsync(Guid keyId, CancellationToken cancel)
    {
        if (!_organizationsByKey.TryGetValue(keyId, out var organizationId))
        {
            if (await reader.FindOrganizationOfKeyAsync(keyId, cancel) is not { } found) return null;
            _organizationsByKey[keyId] = organizationId = found;
        }
        var slot = SlotOf(organizationId);
        var snapshot = slot.Current ?? await RefreshAsync(organizationId, known: null, cancel);
        // A key that was made after the snapshot is in the directory and not in the snapshot.
        if (snapshot is not null && snapshot.FindKey(keyId) is null)
            snapshot = await RefreshAsync(organizationId, snapshot, cancel);
        return snapshot;
    }

    /// <summary>True when no rule has changed since the snapshot was read.</summary>
    public async ValueTask<bool> IsCurrentAsync(GovernanceSnapshot snapshot, CancellationToken cancel) =>
        await reader.ReadEpochAsync(snapshot.OrganizationId, cancel) == snapshot.Epoch;

    /// <summary>
    /// Reads what changed since <paramref name="known"/>, unless another request has done so meanwhile.
    /// </summary>
    public async ValueTask<GovernanceSnapshot?> RefreshAsync(
        Guid organizationId, GovernanceSnapshot? known, CancellationToken cancel)
    {
        var slot = SlotOf(organizationId);
        await slot.Gate.WaitAsync(cancel);
        try
        {
            var current = slot.Current;
            if (current is not null && (known is null || current.Epoch > known.Epoch)) return current;
            var rows = await reader.LoadAsync(organizationId, current?.Rows, cancel);
            if (rows is null) return null;
            if (current is null || rows.Epoch != current.Epoch) slot.Current = new GovernanceSnapshot(rows);
            return slot.Current;
        }
        finally
        {
            slot.Gate.Release();
        }
    }

    private Slot SlotOf(Guid organizationId) => _slots.GetOrAdd(organizationId, static _ => new Slot());

    private sealed class Slot
    {
        private volatile GovernanceSnapshot? _current;

        public SemaphoreSlim Gate { get; } = new(1);

        public GovernanceSnapshot? Current
        {
            get => _current;
            set => _current = value;
        }
    }
}
