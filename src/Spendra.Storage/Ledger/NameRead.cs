using System.Data.Common;
using Dapper;
using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Ledger;

/// <summary>Reads single rows of an organization, and the names behind ids, archived ones too.</summary>
internal sealed class NameRead(DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel)
{
    private const string Unknown = "unknown";

    private readonly Dictionary<Guid, string> _scopes = [];
    private readonly Dictionary<Guid, string> _accounts = new() { [ProviderAccount.SandboxId] = "sandbox" };

    /// <param name="sql">Names <c>@organizationId</c> and <c>@id</c>.</param>
    /// <param name="id">A Guid, or the number of an entry.</param>
    public Task<T?> FindAsync<T>(string sql, object id) where T : class =>
        connection.QuerySingleOrDefaultAsync<T>(Command(sql, id, null));

    /// <param name="sql">Names <c>@organizationId</c>, <c>@id</c> and perhaps <c>@second</c>.</param>
    /// <param name="id">A Guid, or the number of an entry.</param>
    /// <param name="second">A second id, when the statement has one.</param>
    public async Task<List<T>> ListAsync<T>(string sql, object id, Guid? second = null) =>
        (await connection.QueryAsync<T>(Command(sql, id, second))).AsList();

    public async Task<string> ScopeAsync(Guid scopeId)
    {
        if (_scopes.TryGetValue(scopeId, out var name)) return name;
        var row = await FindAsync<StoredScope>(RequestSql.Scope, scopeId);
        return _scopes[scopeId] = row?.ToScope().Reference ?? Unknown;
    }

    public async Task<string> AccountAsync(Guid accountId)
    {
        if (_accounts.TryGetValue(accountId, out var name)) return name;
        return _accounts[accountId] = (await FindAsync<string>(RequestSql.AccountSlug, accountId)) ?? Unknown;
    }

    public async Task<string> BudgetAsync(Guid budgetId) => (await FindAsync<string>(RequestSql.BudgetSlug, budgetId)) ?? Unknown;

    public async Task<(string Slug, string Actor)> KeyAsync(Guid keyId) =>
        await FindAsync<StoredKeyName>(RequestSql.KeyName, keyId) is { } key
            ? (key.Slug, await ScopeAsync(key.ActorId))
            : (Unknown, Unknown);

    private CommandDefinition Command(string sql, object id, Guid? second)
    {
        var parameters = new DynamicParameters();
        parameters.Add("organizationId", organizationId);
        parameters.Add("id", id);
        if (second is { } other) parameters.Add("second", other);
        return new CommandDefinition(sql, parameters, transaction, cancellationToken: cancel);
    }

    private sealed class StoredKeyName
    {
        public string Slug { get; set; } = "";
        public Guid ActorId { get; set; }
    }
}
