using System.Collections.Concurrent;
using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Snapshots;

/// <summary>
/// The latest known rules of each organization. A snapshot may be behind the database: the ledger lane refuses a
/// reservation of another epoch, and a denial is confirmed against the database before it is spoken. So being
/// behind costs a second look, never a wrong answer.
/// </summary>
internal sealed class SnapshotStore(IGovernanceSource source)
{
    private readonly ConcurrentDictionary<Guid, Guid> _organizationsByKey = new();
    private readonly ConcurrentDictionary<Guid, Slot> _slots = new();

    /// <summary>The snapshot of the organization that a key belongs to, or null when there is no such key.</summary>
    public async ValueTask<GovernanceSnapshot?> FindByKeyAsync(Guid keyId, CancellationToken cancel)
    {
        if (!_organizationsByKey.TryGetValue(keyId, out var organizationId))
        {
            if (await source.FindOrganizationOfKeyAsync(keyId, cancel) is not { } found) return null;
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
        await source.ReadEpochAsync(snapshot.OrganizationId, cancel) == snapshot.Epoch;

    /// <summary>
    /// A snapshot that is newer than <paramref name="known"/>, or that one again when nothing has changed since.
    /// Requests that ask at the same time share one look at the database.
    /// </summary>
    public async ValueTask<GovernanceSnapshot?> RefreshAsync(
        Guid organizationId, GovernanceSnapshot? known, CancellationToken cancel)
    {
        var slot = SlotOf(organizationId);
        while (true)
        {
            Task<GovernanceSnapshot?> loading;
            bool isOurs;
            lock (slot)
            {
                if (slot.Current is { } current && (known is null || current.Epoch > known.Epoch)) return current;
                isOurs = slot.Loading is null;
                loading = slot.Loading ??= LoadAsync(organizationId, slot);
            }
            var loaded = await loading.WaitAsync(cancel);
            // Another request's look may have begun before the change that this one knows of.
            if (isOurs || loaded is null || known is null || loaded.Epoch > known.Epoch) return loaded;
        }
    }

    /// <summary>Not cancelled by whoever asked first: others wait for it too.</summary>
    private async Task<GovernanceSnapshot?> LoadAsync(Guid organizationId, Slot slot)
    {
        // The lock is left before anything is waited for.
        await Task.Yield();
        try
        {
            var rows = await source.LoadAsync(organizationId, slot.Current?.Rows, CancellationToken.None);
            lock (slot)
            {
                if (rows is null) return null;
                if (slot.Current is null || rows.Epoch != slot.Current.Epoch) slot.Current = new GovernanceSnapshot(rows);
                return slot.Current;
            }
        }
        finally
        {
            lock (slot) slot.Loading = null;
        }
    }

    private Slot SlotOf(Guid organizationId) => _slots.GetOrAdd(organizationId, static _ => new Slot());

    /// <summary>Locked while its load is begun or ends.</summary>
    private sealed class Slot
    {
        private volatile GovernanceSnapshot? _current;

        public Task<GovernanceSnapshot?>? Loading { get; set; }

        public GovernanceSnapshot? Current
        {
            get => _current;
            set => _current = value;
        }
    }
}
