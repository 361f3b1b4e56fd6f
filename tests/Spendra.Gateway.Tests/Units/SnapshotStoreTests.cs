using Spendra.Core.Governance;
using Spendra.Gateway.Snapshots;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Tests.Units;

public sealed class SnapshotStoreTests
{
    [Fact]
    public async Task Requests_that_find_their_rules_outdated_at_once_share_one_look_at_the_database()
    {
        await using var company = await Company.StartAsync();
        var source = new GatedSource(new GovernanceReader(company.Gateway.Database));
        var store = new SnapshotStore(source);
        var known = await store.RefreshAsync(company.Id, known: null, TestContext.Current.CancellationToken);
        await company.ApplyAsync(new Rules { Cap = "11" });
        source.Close();

        var asked = Enumerable.Range(0, 50)
            .Select(_ => store.RefreshAsync(company.Id, known, TestContext.Current.CancellationToken).AsTask()).ToList();
        source.Open();

        (await Task.WhenAll(asked)).Should().OnlyContain(s => s!.Epoch > known!.Epoch);
        source.Loads.Should().Be(2, "the first knew nothing, and the fifty have one in common");
    }

    [Fact]
    public async Task A_look_that_began_before_a_change_does_not_answer_who_knows_of_the_change()
    {
        await using var company = await Company.StartAsync();
        var source = new GatedSource(new GovernanceReader(company.Gateway.Database));
        var store = new SnapshotStore(source);
        var known = await store.RefreshAsync(company.Id, known: null, TestContext.Current.CancellationToken);
        source.Close(afterwards: true);
        var early = store.RefreshAsync(company.Id, known, TestContext.Current.CancellationToken).AsTask();
        await source.Reached;
        await company.ApplyAsync(new Rules { Cap = "11" });

        var late = store.RefreshAsync(company.Id, known, TestContext.Current.CancellationToken).AsTask();
        source.Open();

        (await early)!.Epoch.Should().Be(known!.Epoch);
        (await late)!.Epoch.Should().BeGreaterThan(known.Epoch);
    }

    /// <summary>The real reader behind a gate, counted.</summary>
    private sealed class GatedSource(IGovernanceSource inner) : IGovernanceSource
    {
        private TaskCompletionSource _reached = new();
        private TaskCompletionSource _opened = new();
        private bool _isAfterwards;
        private int _loads;

        public GatedSource(GovernanceReader inner)
            : this((IGovernanceSource)inner) => _opened.SetResult();

        public int Loads => Volatile.Read(ref _loads);

        public Task Reached => _reached.Task;

        /// <param name="afterwards">Loads wait once they have read, with what they have read.</param>
        public void Close(bool afterwards = false)
        {
            _isAfterwards = afterwards;
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public void Open() => _opened.TrySetResult();

        public Task<Guid?> FindOrganizationOfKeyAsync(Guid keyId, CancellationToken cancel) =>
            inner.FindOrganizationOfKeyAsync(keyId, cancel);

        public Task<long?> ReadEpochAsync(Guid organizationId, CancellationToken cancel) =>
            inner.ReadEpochAsync(organizationId, cancel);

        public async Task<GovernanceRows?> LoadAsync(Guid organizationId, GovernanceRows? known, CancellationToken cancel)
        {
            Interlocked.Increment(ref _loads);
            if (!_isAfterwards) await _opened.Task;
            var rows = await inner.LoadAsync(organizationId, known, cancel);
            _reached.TrySetResult();
            await _opened.Task;
            return rows;
        }
    }
}
