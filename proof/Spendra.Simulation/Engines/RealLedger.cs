using System.Data.Common;
using Dapper;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.World;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using OrganizationRow = Spendra.Storage.Governance.OrganizationRow;

namespace Spendra.Simulation.Engines;

/// <summary>A real, migrated database with an organization of the simulated world in it.</summary>
internal sealed class RealLedger : IAsyncDisposable
{
    private static readonly ChangeAuthor Author = new("simulation", "simulation");

    private RealLedger(Database database, SimRules rules)
    {
        Database = database;
        Rules = rules;
    }

    public Database Database { get; }

    /// <summary>The rules as they were founded, with the id and epoch that the database gave.</summary>
    public SimRules Rules { get; }

    public static async Task<RealLedger> FoundAsync(DatabaseTarget target, int number, SimRandom random)
    {
        await Storage.Schema.Migrator.MigrateAsync(target, CancellationToken.None);
        var database = Database.Open(target);
        await using var transaction = await GovernanceTransaction.BeginAsync(database, $"org-{number}", TimeProvider.System, CancellationToken.None);
        var rules = SimRules.Make(number, random, transaction.OrganizationId);
        var rows = rules.Rows;
        GovernanceWrite[] writes =
        [
            new GovernanceWrite.PutOrganization(new OrganizationRow(transaction.OrganizationId, rows.Slug, rows.Slug, "USD", "UTC")),
            .. rows.Scopes.Values.Where(s => s.Kind != ScopeKind.Organization).Select(s => new GovernanceWrite.PutScope(new ScopeRow(s, IsArchived: false))),
            .. rows.Budgets.Values.Select(b => new GovernanceWrite.PutBudget(new BudgetRow(b, IsArchived: false), Before: null)),
            .. rows.Policies.Values.Select(p => new GovernanceWrite.PutPolicy(new PolicyRow(p, IsArchived: false), Before: null)),
            .. rows.Accounts.Values.Select(a => new GovernanceWrite.PutAccount(new AccountRow(a, IsArchived: false))),
            .. rows.Prices.Values.Select(p => new GovernanceWrite.AddPrice(p)),
            .. rows.Keys.Values.Select(k => new GovernanceWrite.AddKey(k, rows.KeyDigests[k.KeyId])),
        ];
        await ApplyAsync(transaction, writes);
        return new RealLedger(database, rules);
    }

    /// <summary>Changes a budget's amount in a transaction of its own; what is told runs while its locks are held.</summary>
    /// <returns>The new epoch.</returns>
    public async Task<long> SetAmountAsync(Guid budgetId, long amountNanos, TimeProvider time, Action? locked = null)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(Database, Rules.Rows.Slug, time, CancellationToken.None);
        locked?.Invoke();
        var budget = Rules.Rows.Budgets[budgetId] with { Amount = new NanoUsd(amountNanos) };
        var before = budget with { Amount = await ReadAmountAsync(budgetId) };
        // As an administrator's change is recorded: the verification asks the audit what a cap was before it was cut.
        var note = new ChangeNote("update", "budget", budget.Slug, Describe(before), Describe(budget));
        return await transaction.ApplyAsync(
            [new GovernanceChange(new GovernanceWrite.PutBudget(new BudgetRow(budget, IsArchived: false), new BudgetRow(before, IsArchived: false)), note)], Author, CancellationToken.None);
    }

    private static string Describe(Budget budget) => Description.Of(budget, id => id.ToString()).ToJson();

    /// <summary>What the budget's amount is while the transaction that changes it holds the organization's lock.</summary>
    private async Task<NanoUsd> ReadAmountAsync(Guid budgetId)
    {
        await using var connection = await Database.ConnectAsync(CancellationToken.None);
        return new NanoUsd(await connection.ExecuteScalarAsync<long>(
            "SELECT amount_nanos FROM budgets WHERE organization_id = @OrganizationId AND budget_id = @budgetId",
            new { Rules.Rows.OrganizationId, budgetId }));
    }

    /// <summary>Every row of the ledger in words that all stores share, in an order that follows from the rows.</summary>
    public async Task<IReadOnlyList<string>> DumpAsync()
    {
        await using var connection = await Database.ConnectAsync(CancellationToken.None);
        return await DumpAsync(connection);
    }

    /// <summary>The same as a connection sees it, within its transaction.</summary>
    public static async Task<IReadOnlyList<string>> DumpAsync(DbConnection connection)
    {
        var lines = new List<string>();
        foreach (var (name, sql) in StoreDump.Statements) lines.AddRange(await ReadAsync(connection, name, sql));
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    /// <summary>What every window says: its limit, what is reserved and what is settled.</summary>
    public async Task<IReadOnlyList<string>> DumpWindowsAsync()
    {
        await using var connection = await Database.ConnectAsync(CancellationToken.None);
        return await ReadAsync(connection, "window", "SELECT window_id, limit_nanos, reserved_nanos, settled_nanos FROM windows");
    }

    public async Task<IReadOnlyList<string>> VerifyAsync(long nowMicros)
    {
        var report = await new LedgerVerifier(Database).VerifyAsync([Rules.Rows.OrganizationId], nowMicros, CancellationToken.None);
        return [.. report.Violations.Select(v => $"{v.Invariant}: {v.Subject}, expected {v.Expected}, found {v.Found}")];
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    private static async Task<List<string>> ReadAsync(DbConnection connection, string name, string sql)
    {
        var lines = new List<string>();
        await using var reader = await connection.ExecuteReaderAsync(sql);
        while (await reader.ReadAsync())
        {
            lines.Add(StoreDump.Line(name, [.. Enumerable.Range(0, reader.FieldCount).Select(i => IdOr(reader.GetName(i), reader.GetValue(i)))]));
        }
        return lines;
    }

    /// <summary>SQLite keeps ids as bytes.</summary>
    private static object IdOr(string column, object value) =>
        value is byte[] { Length: 16 } id && column.EndsWith("_id", StringComparison.Ordinal) ? new Guid(id, bigEndian: true) : value;

    private static Task<long> ApplyAsync(GovernanceTransaction transaction, IReadOnlyList<GovernanceWrite> writes) =>
        transaction.ApplyAsync([.. writes.Select(w => new GovernanceChange(w, new ChangeNote("update", "thing", "x", null, "{}")))], Author, CancellationToken.None);
}
