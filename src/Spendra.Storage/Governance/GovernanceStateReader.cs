using System.Data.Common;
using Dapper;
using Spendra.Storage.Pricing;

namespace Spendra.Storage.Governance;

/// <summary>Reads the whole state of an organization, archived rows included.</summary>
public static class GovernanceStateReader
{
    // Epochs start at 1, so this is everything.
    private const long Ever = 0;

    /// <summary>
    /// The state at one moment, without a lock: for showing what would change. Of an organization that does not
    /// exist it is what that organization would start with.
    /// </summary>
    public static async Task<GovernanceState> ReadAsync(Database database, string slug, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, cancel);
        var organizationId = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT organization_id FROM organization_directory WHERE slug = @slug", new { slug }, transaction, cancellationToken: cancel));
        return organizationId is { } id
            ? await ReadAsync(connection, transaction, id, StateParts.Everything, cancel)
            : StartOf(Guid.CreateVersion7(), nowMicros);
    }

    /// <summary>What an organization has at its start: the catalog's prices.</summary>
    internal static GovernanceState StartOf(Guid organizationId, long nowMicros) => new()
    {
        OrganizationId = organizationId,
        // One microsecond earlier than anything that the same transaction declares, so that a declared price wins.
        Prices = [.. PriceCatalog.Seed(nowMicros - 1)],
    };

    internal static async Task<GovernanceState> ReadAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, StateParts parts, CancellationToken cancel)
    {
        var head = await connection.QuerySingleAsync<StoredOrganization>(Command(
            "SELECT slug, name, currency, time_zone, governance_epoch FROM organizations WHERE organization_id = @organizationId"));
        var projects = (await connection.QueryAsync<StoredMembership>(Command(
            "SELECT employee_id, project_id FROM employee_projects WHERE organization_id = @organizationId")))
            .ToLookup(m => m.EmployeeId, m => m.ProjectId);
        var scopes = await connection.QueryAsync<StoredScope>(Command(GovernanceQueries.ChangedScopes));
        var budgets = await PartAsync<StoredBudget>(StateParts.Budgets, GovernanceQueries.ChangedBudgets);
        var policies = await PartAsync<StoredPolicy>(StateParts.Policies, GovernanceQueries.ChangedPolicies);
        var accounts = await PartAsync<StoredAccount>(StateParts.Accounts, GovernanceQueries.ChangedAccounts);
        var keys = await PartAsync<StoredKey>(StateParts.Keys, GovernanceQueries.ChangedKeys);
        var prices = await PartAsync<StoredPrice>(StateParts.Prices, GovernanceQueries.ChangedPrices);
        return new GovernanceState
        {
            OrganizationId = organizationId,
            Organization = new OrganizationRow(organizationId, head.Slug, head.Name, head.Currency, head.TimeZone),
            Epoch = head.GovernanceEpoch,
            Scopes = [.. scopes.Select(s => new ScopeRow(s.ToScope(), s.ArchivedAt is not null)
            {
                Email = s.Email,
                ProjectIds = [.. projects[s.ScopeId]],
                ChangedEpoch = s.ChangedEpoch,
            })],
            Budgets = [.. budgets.Select(b => new BudgetRow(b.ToBudget(), b.ArchivedAt is not null) { ChangedEpoch = b.ChangedEpoch })],
            Policies = [.. policies.Select(p => new PolicyRow(p.ToPolicy(), p.ArchivedAt is not null) { ChangedEpoch = p.ChangedEpoch })],
            Accounts = [.. accounts.Select(a => new AccountRow(a.ToAccount(), a.ArchivedAt is not null) { ChangedEpoch = a.ChangedEpoch })],
            Keys = [.. keys.Select(k => k.ToRow())],
            Prices = [.. prices.Select(p => p.ToPrice())],
        };

        async Task<IEnumerable<T>> PartAsync<T>(StateParts part, string sql) =>
            parts.HasFlag(part) ? await connection.QueryAsync<T>(Command(sql)) : [];

        CommandDefinition Command(string sql) =>
            new(sql, new { organizationId, since = Ever }, transaction, cancellationToken: cancel);
    }

    private sealed class StoredOrganization
    {
        public string Slug { get; set; } = "";
        public string Name { get; set; } = "";
        public string Currency { get; set; } = "";
        public string TimeZone { get; set; } = "";
        public long GovernanceEpoch { get; set; }
    }

    private sealed class StoredMembership
    {
        public Guid EmployeeId { get; set; }
        public Guid ProjectId { get; set; }
    }
}
