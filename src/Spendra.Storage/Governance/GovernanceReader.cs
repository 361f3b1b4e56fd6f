using System.Data.Common;
using Dapper;
using Spendra.Core.Governance;

namespace Spendra.Storage.Governance;

/// <summary>An organization as lists name it.</summary>
public sealed record OrganizationName(Guid OrganizationId, string Slug, string Name);

/// <summary>
/// Reads what decides requests. A load sees one moment of the database; with the rows of an earlier load it reads
/// only what changed since, which is the same as reading everything.
/// </summary>
public sealed class GovernanceReader(Database database) : IGovernanceSource
{
    public async Task<Guid?> FindOrganizationAsync(string slug, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT organization_id FROM organization_directory WHERE slug = @slug", new { slug }, cancellationToken: cancel));
    }

    public async Task<Guid?> FindOrganizationOfKeyAsync(Guid keyId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT organization_id FROM key_directory WHERE key_id = @keyId", new { keyId }, cancellationToken: cancel));
    }

    /// <summary>Every organization, by slug.</summary>
    public async Task<IReadOnlyList<OrganizationName>> ListOrganizationsAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredOrganizationName>(new CommandDefinition(
            "SELECT organization_id, slug, name FROM organizations ORDER BY slug", cancellationToken: cancel));
        return [.. rows.Select(r => new OrganizationName(r.OrganizationId, r.Slug, r.Name))];
    }

    public async Task<long?> ReadEpochAsync(Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(
            "SELECT governance_epoch FROM organizations WHERE organization_id = @organizationId",
            new { organizationId }, cancellationToken: cancel));
    }

    public async Task<GovernanceRows?> LoadAsync(Guid organizationId, GovernanceRows? known, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, cancel);
        var load = new Load(connection, transaction, organizationId, known?.Epoch ?? -1, cancel);
        var head = await connection.QuerySingleOrDefaultAsync<StoredHead>(load.Command(
            "SELECT slug, governance_epoch FROM organizations WHERE organization_id = @organizationId"));
        if (head is null) return null;
        if (known is not null && known.Epoch == head.GovernanceEpoch) return known;
        var keys = await load.ReadAsync<StoredKey>(GovernanceQueries.ChangedKeys);
        return new GovernanceRows
        {
            OrganizationId = organizationId,
            Slug = head.Slug,
            Epoch = head.GovernanceEpoch,
            Scopes = Merge(known?.Scopes, await load.ReadAsync<StoredScope>(GovernanceQueries.ChangedScopes), r => r.ScopeId, r => r.ArchivedAt is null ? r.ToScope() : null),
            Budgets = Merge(known?.Budgets, await load.ReadAsync<StoredBudget>(GovernanceQueries.ChangedBudgets), r => r.BudgetId, r => r.ArchivedAt is null ? r.ToBudget() : null),
            Policies = Merge(known?.Policies, await load.ReadAsync<StoredPolicy>(GovernanceQueries.ChangedPolicies), r => r.PolicyId, r => r.ArchivedAt is null ? r.ToPolicy() : null),
            Keys = Merge(known?.Keys, keys, r => r.KeyId, r => r.ToKey()),
            PreviousSecrets = Merge(known?.PreviousSecrets, keys, r => r.KeyId, r => r.ToPrevious()),
            KeyDigests = Merge(known?.KeyDigests, keys, r => r.KeyId, r => r.SecretHmac),
            Accounts = Merge(known?.Accounts, await load.ReadAsync<StoredAccount>(GovernanceQueries.ChangedAccounts), r => r.AccountId, r => r.ArchivedAt is null ? r.ToAccount() : null),
            Prices = Merge(known?.Prices, await load.ReadAsync<StoredPrice>(GovernanceQueries.ChangedPrices), r => r.PriceId, r => r.ToPrice()),
        };
    }

    private static IReadOnlyDictionary<Guid, T> Merge<TRow, T>(
        IReadOnlyDictionary<Guid, T>? known, List<TRow> changed, Func<TRow, Guid> idOf, Func<TRow, T?> read)
        where T : class
    {
        if (known is not null && changed.Count == 0) return known;
        var merged = known is null ? new Dictionary<Guid, T>(changed.Count) : new Dictionary<Guid, T>(known);
        foreach (var row in changed)
        {
            if (read(row) is { } value) merged[idOf(row)] = value;
            else merged.Remove(idOf(row));
        }
        return merged;
    }

    private readonly record struct Load(
        DbConnection Connection, DbTransaction Transaction, Guid OrganizationId, long Since, CancellationToken Cancel)
    {
        public CommandDefinition Command(string sql) =>
            new(sql, new { organizationId = OrganizationId, since = Since }, Transaction, cancellationToken: Cancel);

        public async Task<List<TRow>> ReadAsync<TRow>(string sql) =>
            (await Connection.QueryAsync<TRow>(Command(sql))).AsList();
    }

    private sealed class StoredHead
    {
        public string Slug { get; set; } = "";
        public long GovernanceEpoch { get; set; }
    }

    private sealed class StoredOrganizationName
    {
        public Guid OrganizationId { get; set; }
        public string Slug { get; set; } = "";
        public string Name { get; set; } = "";
    }
}
