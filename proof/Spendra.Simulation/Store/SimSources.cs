using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Simulation.Scheduling;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Store;

/// <summary>What gateways and workers of the simulated world read beside the ledger lane.</summary>
internal sealed class SimSources(SimStore store, SimProcess process) : IGovernanceSource, IReservationSource, IProviderObjectSource, IDoubtSource
{
    public Task<Guid?> FindOrganizationOfKeyAsync(Guid keyId, CancellationToken cancel) =>
        ReadAsync<Guid?>(() => store.KeyDirectory.TryGetValue(keyId, out var found) ? found : null);

    public Task<long?> ReadEpochAsync(Guid organizationId, CancellationToken cancel) =>
        ReadAsync(() => store.Rules.GetValueOrDefault(organizationId)?.Epoch);

    public Task<GovernanceRows?> LoadAsync(Guid organizationId, GovernanceRows? known, CancellationToken cancel) =>
        ReadAsync(() => store.Rules.GetValueOrDefault(organizationId) is { } rows && rows.Epoch == known?.Epoch ? known : store.Rules.GetValueOrDefault(organizationId));

    public Task<PendingReservation?> FindPendingAsync(Guid organizationId, Guid reservationId, CancellationToken cancel) => ReadAsync(() =>
    {
        var key = new RowKey(organizationId, reservationId);
        var held = store.Tables.Open.GetValueOrDefault(key)
            ?? (store.Tables.FindSpent(key) is { FirstKind: SpendKind.Expired, HasLate: false } expired ? expired.Reservation : null);
        return held is null ? null : new PendingReservation(reservationId, BoundTerms.Of(held), held.WindowIds);
    });

    public Task<EarlierSettlement?> FindSettlementAsync(Guid organizationId, Guid reservationId, CancellationToken cancel) => ReadAsync(() =>
    {
        if (store.Tables.FindSpent(new RowKey(organizationId, reservationId)) is not { } spent) return null;
        var last = store.Tables.Events[(new RowKey(organizationId, reservationId), spent.LastEventNumber)];
        return new EarlierSettlement(spent.Reservation.Model, spent.TotalCost, last.Settlement.IsEstimated, last.OccurredAt);
    });

    public Task<ProviderObject?> FindAsync(Guid organizationId, string objectId, ObjectKind kind, CancellationToken cancel) =>
        ReadAsync(() => store.Objects.GetValueOrDefault((organizationId, objectId)) is { } found && found.Kind == kind && IsThere(found) ? found : null);

    public Task<IReadOnlyList<ProviderObject>> ListFilesAsync(Guid organizationId, FilePage page, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<ProviderObject>>(() =>
        {
            var files = store.Objects.Values
                .Where(o => o.OrganizationId == organizationId && o.Kind == ObjectKind.File && IsThere(o) && (page.Purpose is null || o.Purpose == page.Purpose)
                    && (o.ExpiresAt is null || o.ExpiresAt > page.NowMicros) && (o.AccountId == ProviderAccount.SandboxId) == page.IsTest)
                .OrderBy(PlaceOf).ToList();
            if (!page.IsAscending) files.Reverse();
            if (page.After is { } after)
            {
                // A file that is gone has a place as well; without one, nothing comes after it.
                if (!store.Objects.TryGetValue((organizationId, after), out var last)) return [];
                files.RemoveAll(f => page.IsAscending ? PlaceOf(f).CompareTo(PlaceOf(last)) <= 0 : PlaceOf(f).CompareTo(PlaceOf(last)) >= 0);
            }
            return [.. files.Take(page.Limit)];
        });

    public Task<IReadOnlyList<ProviderObject>> ListBatchesAsync(
        Guid organizationId, bool isTest, string? after, int limit, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<ProviderObject>>(() => []);

    public Task<IReadOnlyList<ProviderObject>> ListPendingBatchesAsync(long sinceMicros, int limit, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<ProviderObject>>(() => []);

    public Task<IReadOnlyList<DoubtfulReservation>> FindExpiredAsync(long nowMicros, int limit, CancellationToken cancel) =>
        ReadAsync(() => Doubtful(r => r.ExpiresAt <= nowMicros, limit));

    public Task<IReadOnlyList<DoubtfulReservation>> FindOfGatewayAsync(Guid gatewayId, int limit, CancellationToken cancel) =>
        ReadAsync(() => Doubtful(r => r.GatewayId == gatewayId, limit));

    public Task<IReadOnlyList<(Guid GatewayId, long HeartbeatAt)>> ReadHoldersAsync(CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<(Guid, long)>>(() =>
            [.. store.Tables.Open.Values.Select(r => r.GatewayId).OfType<Guid>().Distinct().Select(id => (id, store.Heartbeats.GetValueOrDefault(id).At))]);

    public Task ForgetGatewaysAsync(long beforeMicros, CancellationToken cancel) => ReadAsync(() =>
    {
        var holders = store.Tables.Open.Values.Select(r => r.GatewayId).OfType<Guid>().ToHashSet();
        Guid[] gone = [.. store.Heartbeats.Where(h => h.Value.At < beforeMicros && !holders.Contains(h.Key)).Select(h => h.Key)];
        foreach (var gateway in gone) store.Heartbeats.Remove(gateway);
        return gone.Length;
    });

    public Task<int> ForgetIdempotencyKeysAsync(long beforeMicros, int limit, CancellationToken cancel) => ReadAsync(() =>
    {
        IdempotencyKey[] old =
        [
            .. store.Tables.Idempotency
                .Where(k => store.Tables.IdempotencyUsedAt[k.Key] < beforeMicros && !store.Tables.Open.ContainsKey(new RowKey(k.Value.OrganizationId, k.Value.ReservationId)))
                .Select(k => k.Key).Take(limit),
        ];
        foreach (var key in old) store.Tables.Forget(key);
        return old.Length;
    });

    private bool IsThere(ProviderObject made) => !store.Deleted.ContainsKey((made.OrganizationId, made.ObjectId));

    // Ids as databases compare them: byte by byte.
    private static (long CreatedAt, OrdinalText ObjectId) PlaceOf(ProviderObject made) => (made.CreatedAt, new OrdinalText(made.ObjectId));

    private readonly record struct OrdinalText(string Text) : IComparable<OrdinalText>
    {
        public int CompareTo(OrdinalText other) => string.CompareOrdinal(Text, other.Text);
    }

    private IReadOnlyList<DoubtfulReservation> Doubtful(Func<Reservation, bool> isDoubtful, int limit) =>
        [.. store.Tables.Open.Values.Where(isDoubtful).Take(limit)
            .Select(r => new DoubtfulReservation(r.OrganizationId, r.ReservationId, r.WindowIds))];

    private async Task<T> ReadAsync<T>(Func<T> read)
    {
        try
        {
            return await store.Server.AskAsync(process, read);
        }
        catch (SimConnectionException e)
        {
            throw new DatabaseUnavailableException(e.Message, e);
        }
    }
}
