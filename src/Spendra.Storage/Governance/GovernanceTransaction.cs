using System.Data.Common;
using Dapper;
using Spendra.Core.Access;
using Spendra.Core.Audit;
using Spendra.Core.Governance;
using Spendra.Storage.Access;
using Spendra.Storage.Audit;

namespace Spendra.Storage.Governance;

/// <summary>
/// Changes what governs an organization: all or nothing, one change of an organization at a time, and in order
/// with its reservations. The organization's row is locked first, then windows in id order, which is how the
/// ledger lane locks. A commit raises the governance epoch by one, so that reservations which were resolved under
/// the old rules are resolved again.
/// </summary>
public sealed class GovernanceTransaction : IAsyncDisposable
{
    private readonly Database _database;
    private readonly DbConnection _connection;
    private readonly DbTransaction _transaction;
    private LockedHead? _head;
    private GovernanceState? _state;
    private StateParts _loaded;
    private bool _isApplied;

    private GovernanceTransaction(Database database, DbConnection connection, DbTransaction transaction)
    {
        _database = database;
        _connection = connection;
        _transaction = transaction;
    }

    public Guid OrganizationId { get; private set; }

    /// <summary>True when the organization does not exist yet; its first change must create it.</summary>
    public bool IsNew => _head is null;

    /// <summary>
    /// When the organization was locked, in microseconds since the Unix epoch: the time of all its rows. Not when waiting for the lock
    /// began: what is numbered later would be dated before what somebody else has written meanwhile.
    /// </summary>
    public long NowMicros { get; private set; }

    /// <summary>Begins and locks. Without <see cref="ApplyAsync"/> nothing happens.</summary>
    /// <exception cref="DatabaseUnavailableException">Unreachable, or locked by another process for too long.</exception>
    public static Task<GovernanceTransaction> BeginAsync(
        Database database, string organizationSlug, TimeProvider time, CancellationToken cancel) =>
        BeginAsync(database, time, begun => begun.LockAsync(organizationSlug, cancel), cancel);

    /// <summary>As the other, for an organization that exists.</summary>
    public static Task<GovernanceTransaction> BeginAsync(
        Database database, Guid organizationId, TimeProvider time, CancellationToken cancel) =>
        BeginAsync(database, time, begun => begun.LockAsync(organizationId, cancel), cancel);

    /// <summary>What governs the organization now, under the lock: everything, or the parts that a change looks at.</summary>
    public async Task<GovernanceState> LoadStateAsync(CancellationToken cancel, StateParts parts = StateParts.Everything)
    {
        if (_state is not null && (_loaded & parts) == parts) return _state;
        _loaded = parts | StateParts.Scopes;
        return _state = IsNew
            ? GovernanceStateReader.StartOf(OrganizationId, NowMicros)
            : await GovernanceStateReader.ReadAsync(_connection, _transaction, OrganizationId, _loaded, cancel);
    }

    /// <summary>
    /// What a member holds at this moment, under the lock: what a request was authenticated with may have been taken away
    /// since. <see cref="Authority.None"/> for somebody who is no member.
    /// </summary>
    public async Task<Authority> LoadAuthorityAsync(Guid memberId, CancellationToken cancel) =>
        await MemberReader.FindAsync(_connection, _transaction, OrganizationId, memberId, cancel) is { } member
            ? member.Membership.ToAuthority() with { EmployeeId = member.EmployeeId }
            : Authority.None;

    /// <summary>Reads whatever else a change looks at, under the lock.</summary>
    internal Task<T> ReadAsync<T>(Func<DbConnection, DbTransaction, Task<T>> read) => read(_connection, _transaction);

    /// <summary>Writes how a person signs in, which no role of the organization may.</summary>
    internal async Task WritePeopleAsync(Func<DbConnection, DbTransaction, Task> write, CancellationToken cancel)
    {
        await _database.EnterPeopleAsync(_connection, _transaction, true, cancel);
        await write(_connection, _transaction);
        await _database.EnterPeopleAsync(_connection, _transaction, false, cancel);
    }

    /// <summary>Why one of the changes is not the author's to make, in one sentence; null when all are.</summary>
    public async Task<string?> DenialAsync(IReadOnlyList<GovernanceChange> changes, Authority authority, CancellationToken cancel)
    {
        var state = await LoadStateAsync(cancel, StateParts.Scopes);
        var scopes = new Dictionary<Guid, Scope>();
        foreach (var row in state.Scopes) scopes[row.Scope.ScopeId] = row.Scope;
        foreach (var change in changes)
        {
            if (change.Write is GovernanceWrite.PutScope put) scopes.TryAdd(put.Row.Scope.ScopeId, put.Row.Scope);
        }
        var tree = new ScopeTree(OrganizationId, scopes.Values);
        var own = await OwnKeyGrounds.ReadAsync(this, authority, changes, state, cancel);
        var denial = changes.Select(c => ChangeNeeds.Denial(authority, c.Write, tree, own)).FirstOrDefault(d => d is not null);
        return denial ?? await LastAdminAsync([.. changes.Select(c => c.Write).OfType<GovernanceWrite.PutMember>()], cancel);
    }

    /// <summary>
    /// Writes every change with its audit record and commits; no change, no new epoch. Can be called once. A call
    /// without changes says that things are as wanted, perhaps by a commit whose answer was lost: it waits, as that one
    /// would have, until the database is sure of it.
    /// </summary>
    /// <returns>The governance epoch from now on.</returns>
    public async Task<long> ApplyAsync(
        IReadOnlyList<GovernanceChange> changes, ChangeAuthor author, CancellationToken cancel)
    {
        if (_isApplied) throw new InvalidOperationException("a governance transaction is applied once");
        _isApplied = true;
        if (changes.Count == 0)
        {
            if (!IsNew) await _database.CommitAsync(_connection, _transaction);
            return _head?.GovernanceEpoch ?? 0;
        }

        if (author.Authority != Authority.Operator && await DenialAsync(changes, author.Authority, cancel) is { } denial)
            throw new InvalidOperationException($"a change that its author may not make was about to be applied: {denial}");

        var epoch = (_head?.GovernanceEpoch ?? 0) + (changes.Any(c => c.Write.ChangesRules) ? 1 : 0);
        var stamp = new WriteStamp(OrganizationId, epoch, NowMicros, author.Actor);
        var state = await CatalogStateAsync(cancel);
        var writer = new GovernanceRowWriter(_database, _connection, _transaction, stamp, cancel);
        await writer.WriteAsync(changes.Select(c => c.Write).ToList(), state?.Prices ?? []);
        await CapChanges.ApplyAsync(_database, _connection, _transaction, stamp, cancel);
        var head = await AppendAuditAsync(changes, author, cancel);
        await _connection.ExecuteAsync(new CommandDefinition("""
            UPDATE organizations SET governance_epoch = @epoch, audit_sequence = @sequence, audit_hash = @hash
            WHERE organization_id = @organizationId
            """, new { epoch, sequence = head.Sequence, hash = head.Hash, organizationId = OrganizationId },
            _transaction, cancellationToken: cancel));
        await _database.CommitAsync(_connection, _transaction);
        return epoch;
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async Task<GovernanceState?> CatalogStateAsync(CancellationToken cancel) =>
        IsNew ? await LoadStateAsync(cancel) : null;

    /// <summary>An organization that has an org admin keeps one: otherwise nobody could make another.</summary>
    private async Task<string?> LastAdminAsync(List<GovernanceWrite.PutMember> changes, CancellationToken cancel)
    {
        var lost = changes.Count(c => c.Before?.Membership.Role == MemberRole.OrgAdmin && c.Row.Membership.Role != MemberRole.OrgAdmin);
        if (lost == 0) return null;
        var gained = changes.Count(c => c.Before?.Membership.Role != MemberRole.OrgAdmin && c.Row.Membership.Role == MemberRole.OrgAdmin);
        var now = await _connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM members WHERE organization_id = @OrganizationId AND role = 'org_admin' AND removed_at IS NULL",
            new { OrganizationId }, _transaction, cancellationToken: cancel));
        return now - lost + gained > 0 ? null : "the last org admin stays: make somebody else one first";
    }

    private static async Task<GovernanceTransaction> BeginAsync(
        Database database, TimeProvider time, Func<GovernanceTransaction, Task> lockAsync, CancellationToken cancel)
    {
        var connection = await database.ConnectAsync(cancel);
        try
        {
            var transaction = await database.BeginWriteAsync(connection, cancel);
            var begun = new GovernanceTransaction(database, connection, transaction);
            await lockAsync(begun);
            begun.NowMicros = Micros.Now(time);
            return begun;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task LockAsync(Guid organizationId, CancellationToken cancel)
    {
        OrganizationId = organizationId;
        await _database.EnterAsync(_connection, _transaction, organizationId, cancel);
        _head = await _connection.QuerySingleAsync<LockedHead>(new CommandDefinition(
            "SELECT governance_epoch, audit_sequence, audit_hash FROM organizations WHERE organization_id = @organizationId"
            + _database.ForUpdate, new { organizationId }, _transaction, cancellationToken: cancel));
    }

    private async Task LockAsync(string slug, CancellationToken cancel)
    {
        var found = await FindAsync(slug, cancel);
        if (found is null)
        {
            // The row in the directory is also the lock of an organization that has no row of its own yet: a second
            // creator waits for it and then finds the organization.
            OrganizationId = Guid.CreateVersion7();
            var inserted = await _connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO organization_directory (slug, organization_id) VALUES (@slug, @organizationId) ON CONFLICT (slug) DO NOTHING",
                new { slug, organizationId = OrganizationId }, _transaction, cancellationToken: cancel));
            if (inserted == 1)
            {
                await _database.EnterAsync(_connection, _transaction, OrganizationId, cancel);
                return;
            }
            found = await FindAsync(slug, cancel);
        }
        await LockAsync(found!.Value, cancel);
    }

    private Task<Guid?> FindAsync(string slug, CancellationToken cancel) =>
        _connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT organization_id FROM organization_directory WHERE slug = @slug", new { slug }, _transaction,
            cancellationToken: cancel));

    private Task<AuditHead> AppendAuditAsync(IReadOnlyList<GovernanceChange> changes, ChangeAuthor author, CancellationToken cancel)
    {
        var head = _head is null ? AuditHead.Start : new AuditHead(_head.AuditSequence, _head.AuditHash);
        // A receipt is no change of its own: what it remembers was audited.
        var notes = changes.Where(c => c.Write is not GovernanceWrite.AddReceipt).Select(c => c.Note);
        return AuditLog.AppendAsync(_database, _connection, _transaction, OrganizationId, head, NowMicros, notes, author, cancel);
    }

    private sealed class LockedHead
    {
        public long GovernanceEpoch { get; set; }
        public long AuditSequence { get; set; }
        public byte[] AuditHash { get; set; } = [];
    }
}

/// <summary>What every row that a governance transaction writes has in common.</summary>
internal sealed record WriteStamp(Guid OrganizationId, long Epoch, long NowMicros, string Actor);
