using Spendra.Storage;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests.Api;

/// <summary>
/// A login to a database of others: it may take on both roles, and by itself touches what belongs to no organization, the
/// directories that say whose something is, and of members only who is one of what.
/// </summary>
internal sealed class LandlessLogin : IAsyncDisposable
{
    private readonly GovernanceStore _owner;
    private readonly string _name;

    private LandlessLogin(GovernanceStore owner, string name, Database database)
    {
        _owner = owner;
        _name = name;
        Database = database;
    }

    public Database Database { get; }

    public static async Task<LandlessLogin> CreateAsync(GovernanceStore owner)
    {
        var name = $"landless_{Guid.NewGuid():N}";
        await owner.ExecuteAsync($"""
            CREATE ROLE {name} LOGIN NOINHERIT;
            GRANT spendra_app, spendra_ledger TO {name};
            GRANT USAGE ON SCHEMA public TO {name};
            GRANT SELECT, INSERT, UPDATE, DELETE ON users, sessions, sign_in_tickets, passkeys, user_identities, protection_keys, installation TO {name};
            GRANT SELECT ON key_directory, token_directory, invitation_directory, organization_directory, domain_directory TO {name};
            GRANT INSERT ON organization_directory TO {name};
            GRANT SELECT (organization_id, member_id, user_id, removed_at) ON members TO {name};
            CREATE POLICY landless ON members FOR SELECT TO {name} USING (true);
            """);
        var address = new Uri(owner.Target.ToString());
        return new LandlessLogin(owner, name, Database.Open(DatabaseTarget.Address($"postgres://{name}@{address.Authority.Split('@')[^1]}{address.PathAndQuery}")));
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await _owner.ExecuteAsync($"DROP POLICY landless ON members; DROP OWNED BY {_name}; DROP ROLE {_name}");
    }
}
