using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Tests;

/// <summary>What a changed amount or a new hard cap does to windows that exist already.</summary>
public abstract class CapChangeContract(DatabaseEngine engine)
{
    private const long Past = 1_000;
    private const long Future = long.MaxValue;

    [Fact]
    public async Task A_new_amount_reaches_windows_that_have_not_ended_and_no_others()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var (id, budget) = await StartAsync(store, amount: 100, PolicyKind.HardCap);
        var open = await AddWindowAsync(store, id, budget, limit: 100, reserved: 10, settled: 20, Future);
        var ended = await AddWindowAsync(store, id, budget, limit: 100, reserved: 0, settled: 90, Past);

        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(budget, id, 50), null));

        (await LimitAsync(store, open)).Should().Be(50);
        (await LimitAsync(store, ended)).Should().Be(100);
        (await ExcessesAsync(store)).Should().Be(0, "30 of 50 are used: nothing stands above the cap");
    }

    [Fact]
    public async Task A_cap_that_is_cut_below_what_is_spent_and_held_is_explained_to_the_nano()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var (id, budget) = await StartAsync(store, amount: 100, PolicyKind.HardCap);
        var window = await AddWindowAsync(store, id, budget, limit: 100, reserved: 30, settled: 60, Future);

        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(budget, id, 40), null));
        (await ExcessesAsync(store)).Should().Be(50);
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(budget, id, 25), null));
        (await ExcessesAsync(store)).Should().Be(65, "only the difference is added");
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(budget, id, 30), null));

        (await ExcessesAsync(store)).Should().Be(65, "60 above a limit of 30 are explained already");
        (await LimitAsync(store, window)).Should().Be(30);
        (await store.ScalarAsync<long>("SELECT count(*) FROM window_excesses WHERE kind = 2 AND event_number = 0")).Should().Be(2);
    }

    [Fact]
    public async Task What_overruns_explain_is_not_explained_twice()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var (id, budget) = await StartAsync(store, amount: 100, PolicyKind.HardCap);
        var window = await AddWindowAsync(store, id, budget, limit: 100, reserved: 0, settled: 107, Future);
        await store.ExecuteAsync("""
            INSERT INTO window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)
            SELECT organization_id, window_id, budget_id, 0, 0, 7, 0 FROM windows
            """);

        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(budget, id, 90), null));

        (await store.ScalarAsync<long>("SELECT amount_nanos FROM window_excesses WHERE kind = 2")).Should().Be(10);
        (await LimitAsync(store, window)).Should().Be(90);
    }

    [Fact]
    public async Task A_hard_cap_on_a_budget_that_was_only_watched_explains_what_stands_above_it()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var (id, budget) = await StartAsync(store, amount: 100, PolicyKind.SoftCap);
        await AddWindowAsync(store, id, budget, limit: 100, reserved: 50, settled: 90, Future);
        await AddWindowAsync(store, id, budget, limit: 100, reserved: 0, settled: 101, Past);
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(budget, id, 99), null));
        (await ExcessesAsync(store)).Should().Be(0, "a soft cap may be passed");

        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutPolicy(GovernanceEdits.Cap(Guid.CreateVersion7(), id, budget), null));

        (await ExcessesAsync(store)).Should().Be(41 + 1);
    }

    [Fact]
    public async Task Windows_of_other_budgets_and_organizations_are_not_touched()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var (id, budget) = await StartAsync(store, amount: 100, PolicyKind.HardCap);
        var other = Guid.CreateVersion7();
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(other, id, 100), null),
            new GovernanceWrite.PutPolicy(GovernanceEdits.Cap(Guid.CreateVersion7(), id, other), null));
        var window = await AddWindowAsync(store, id, other, limit: 77, reserved: 0, settled: 99, Future);

        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(budget, id, 1), null));

        (await LimitAsync(store, window)).Should().Be(77);
        (await ExcessesAsync(store)).Should().Be(0);
    }

    private static async Task<(Guid OrganizationId, Guid BudgetId)> StartAsync(GovernanceStore store, long amount, PolicyKind kind)
    {
        var id = await GovernanceEdits.CreateAsync(store);
        var budget = Guid.CreateVersion7();
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutBudget(GovernanceEdits.Budget(budget, id, amount), null),
            new GovernanceWrite.PutPolicy(GovernanceEdits.Cap(Guid.CreateVersion7(), id, budget, kind), null));
        return (id, budget);
    }

    private static async Task<Guid> AddWindowAsync(
        GovernanceStore store, Guid id, Guid budget, long limit, long reserved, long settled, long endsAt)
    {
        var window = Guid.CreateVersion7();
        await store.ExecuteAsync("""
            INSERT INTO windows (organization_id, window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos)
            VALUES (@id, @window, @budget, 0, @endsAt, @limit, @reserved, @settled)
            """, new { id, window, budget, endsAt, limit, reserved, settled });
        return window;
    }

    private static Task<long> LimitAsync(GovernanceStore store, Guid window) =>
        store.ScalarAsync<long>("SELECT limit_nanos FROM windows WHERE window_id = @window", new { window });

    private static Task<long> ExcessesAsync(GovernanceStore store) =>
        store.ScalarAsync<long>("SELECT CAST(coalesce(sum(amount_nanos), 0) AS bigint) FROM window_excesses");
}

public sealed class CapChangeOnSqliteTests() : CapChangeContract(DatabaseEngine.Sqlite);

public sealed class CapChangeOnPostgresTests() : CapChangeContract(DatabaseEngine.Postgres);
