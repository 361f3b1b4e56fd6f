using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Simulation.Engines;
using Spendra.Simulation.Scheduling;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using Spendra.Testing;

namespace Spendra.Simulation.Tests;

/// <summary>The contract of the readers beside the lane: whoever stands in for the database answers as it does.</summary>
public sealed class SourceComparisonTests
{
    private const int Steps = 60;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_readers_of_the_simulated_world_answer_as_the_real_ones(DatabaseEngine engine)
    {
        for (var seed = 21UL; seed <= 24; seed++) (await CompareAsync(engine, seed, sources => sources)).Should().BeEmpty("seed {0} is the same script for both", seed);
    }

    [Fact]
    public async Task Readers_that_forget_nothing_are_noticed() =>
        (await CompareAsync(DatabaseEngine.Sqlite, 21, s => s with { Doubts = new ForgetsNothing(s.Doubts) }))
            .Should().Contain(d => d.StartsWith("keys forgotten")).And.Contain(d => d.StartsWith("after forgetting, only simulated: key"))
            .And.Contain(d => d.StartsWith("after forgetting, only simulated: gateway"));

    [Fact]
    public async Task Readers_that_have_no_files_are_noticed() =>
        (await CompareAsync(DatabaseEngine.Sqlite, 21, s => s with { Objects = new HasNoFiles(s.Objects) })).Should().Contain(d => d.StartsWith("files"));

    [Fact]
    public async Task Rules_that_are_loaded_anew_although_they_are_known_are_noticed() =>
        (await CompareAsync(DatabaseEngine.Sqlite, 21, s => s with { Governance = new KnowsNothing(s.Governance) }))
            .Should().ContainSingle().Which.Should().Contain("rules that have not changed");

    [Fact]
    public async Task A_reservation_that_ended_for_good_and_is_said_to_be_pending_is_noticed() =>
        (await CompareAsync(DatabaseEngine.Sqlite, 21, s => s with { Reservations = new HasOnlyEnded(s.Reservations) })).Should().Contain(d => d.StartsWith("pending"));

    private static async Task<IReadOnlyList<string>> CompareAsync(DatabaseEngine engine, ulong seed, Func<LedgerSources, LedgerSources> tamper)
    {
        using var folder = new TempFolder();
        var target = engine == DatabaseEngine.Sqlite
            ? DatabaseTarget.Folder(folder.Path)
            : DatabaseTarget.Address(PostgresCluster.ToUrl(await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("sources")));
        await using var real = await RealLedger.FoundAsync(target, 0, new SimRandom(seed));
        var played = await StoreComparison.PlayAsync(real, seed, Steps);
        played.Differences.Should().BeEmpty();
        return await SourceComparison.CompareAsync(real, played, tamper);
    }

    private sealed class ForgetsNothing(IDoubtSource inner) : IDoubtSource
    {
        public Task<IReadOnlyList<DoubtfulReservation>> FindExpiredAsync(long nowMicros, int limit, CancellationToken cancel) => inner.FindExpiredAsync(nowMicros, limit, cancel);

        public Task<IReadOnlyList<DoubtfulReservation>> FindOfGatewayAsync(Guid gatewayId, int limit, CancellationToken cancel) => inner.FindOfGatewayAsync(gatewayId, limit, cancel);

        public Task<IReadOnlyList<(Guid GatewayId, long HeartbeatAt)>> ReadHoldersAsync(CancellationToken cancel) => inner.ReadHoldersAsync(cancel);

        public Task ForgetGatewaysAsync(long beforeMicros, CancellationToken cancel) => Task.CompletedTask;

        public Task<int> ForgetIdempotencyKeysAsync(long beforeMicros, int limit, CancellationToken cancel) => Task.FromResult(0);
    }

    private sealed class HasNoFiles(IProviderObjectSource inner) : IProviderObjectSource
    {
        public Task<ProviderObject?> FindAsync(Guid organizationId, string objectId, ObjectKind kind, CancellationToken cancel) =>
            inner.FindAsync(organizationId, objectId, kind, cancel);

        public Task<IReadOnlyList<ProviderObject>> ListFilesAsync(Guid organizationId, FilePage page, CancellationToken cancel) =>
            Task.FromResult<IReadOnlyList<ProviderObject>>([]);

        public Task<IReadOnlyList<ProviderObject>> ListBatchesAsync(Guid organizationId, bool isTest, string? after, int limit, CancellationToken cancel) =>
            inner.ListBatchesAsync(organizationId, isTest, after, limit, cancel);

        public Task<IReadOnlyList<ProviderObject>> ListPendingBatchesAsync(long sinceMicros, int limit, CancellationToken cancel) =>
            inner.ListPendingBatchesAsync(sinceMicros, limit, cancel);
    }

    private sealed class KnowsNothing(IGovernanceSource inner) : IGovernanceSource
    {
        public Task<Guid?> FindOrganizationOfKeyAsync(Guid keyId, CancellationToken cancel) => inner.FindOrganizationOfKeyAsync(keyId, cancel);

        public Task<long?> ReadEpochAsync(Guid organizationId, CancellationToken cancel) => inner.ReadEpochAsync(organizationId, cancel);

        public async Task<GovernanceRows?> LoadAsync(Guid organizationId, GovernanceRows? known, CancellationToken cancel) =>
            await inner.LoadAsync(organizationId, null, cancel) is { } rows ? rows with { } : null;
    }

    /// <summary>Takes whatever was spent for something that may still be settled.</summary>
    private sealed class HasOnlyEnded(IReservationSource inner) : IReservationSource
    {
        public async Task<PendingReservation?> FindPendingAsync(Guid organizationId, Guid reservationId, CancellationToken cancel) =>
            await inner.FindPendingAsync(organizationId, reservationId, cancel)
                ?? (await inner.FindSettlementAsync(organizationId, reservationId, cancel) is { } spent
                    ? new PendingReservation(reservationId, new BoundTerms(null, spent.Cost, 100, 0, 0), [])
                    : null);

        public Task<EarlierSettlement?> FindSettlementAsync(Guid organizationId, Guid reservationId, CancellationToken cancel) =>
            inner.FindSettlementAsync(organizationId, reservationId, cancel);
    }
}
