using System.Data.Common;
using Dapper;

namespace Spendra.Storage.Pricing;

/// <summary>Proposals of prices and the runs that made them. Deciding is a change of governance and happens there.</summary>
public static class PriceProposals
{
    private const string Columns = "proposal_id, created_at, source, prices, differences, decision, decided_at, decided_by, proposed_by, proposer_id";

    private const string Insert = """
        INSERT INTO price_proposals (organization_id, proposal_id, created_at, source, prices, differences, proposed_by, proposer_id)
        VALUES (@organizationId, @ProposalId, @CreatedAt, @Source, @Prices, @Differences, @ProposedBy, @ProposerId)
        """;

    private const string PageSql = $"""
        SELECT {Columns} FROM price_proposals
        WHERE organization_id = @organizationId AND (@isFirst OR proposal_id < @before) AND (@state = '' OR coalesce(decision, 'open') = @state)
        ORDER BY proposal_id DESC LIMIT @limit
        """;

    private const string Same = """
        SELECT proposal_id FROM price_proposals
        WHERE organization_id = @organizationId AND source = @Source AND prices = @Prices AND decision IS NULL LIMIT 1
        """;

    /// <summary>
    /// Writes a run and the proposal that it made, unless another worker has made the same meanwhile: then it is that one's. What is open
    /// of the same source and not the run's is superseded: it is not offered any more.
    /// </summary>
    /// <returns>The run as it was written.</returns>
    public static async Task<PriceSyncRun> RecordAsync(
        Database database, Guid organizationId, PriceSyncRun run, PriceProposal? proposal, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        // In order with decisions, which hold the organization's row as well.
        await ExecuteAsync("SELECT governance_epoch FROM organizations WHERE organization_id = @organizationId" + database.ForUpdate, new { organizationId });
        if (proposal is not null)
        {
            var same = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
                Same, new { organizationId, proposal.Source, proposal.Prices }, transaction, cancellationToken: cancel));
            if (same is null) await AddAsync(connection, transaction, organizationId, proposal, cancel);
            run = run with { ProposalId = same ?? proposal.ProposalId };
        }
        if (run.Outcome != SyncOutcome.Failed)
        {
            await ExecuteAsync("""
                UPDATE price_proposals SET decision = 'superseded', decided_at = @EndedAt, decided_by = 'spendra'
                WHERE organization_id = @organizationId AND source = @Source AND decision IS NULL AND proposal_id <> @kept
                """, new { organizationId, run.EndedAt, run.Source, kept = run.ProposalId ?? Guid.Empty });
        }
        await ExecuteAsync("""
            INSERT INTO price_sync_runs (organization_id, run_id, started_at, ended_at, source, outcome, failure, prices_read, proposal_id)
            VALUES (@organizationId, @RunId, @StartedAt, @EndedAt, @Source, @outcome, @Failure, @PricesRead, @ProposalId)
            """, new
        {
            organizationId, run.RunId, run.StartedAt, run.EndedAt, run.Source, outcome = Spell(run.Outcome), run.Failure,
            run.PricesRead, run.ProposalId,
        });
        await database.CommitAsync(connection, transaction);
        return run;

        Task ExecuteAsync(string sql, object parameters) =>
            connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancel));
    }

    /// <summary>Every proposal of an organization, the latest first.</summary>
    public static Task<IReadOnlyList<PriceProposal>> ListAsync(Database database, Guid organizationId, CancellationToken cancel) =>
        ReadAsync(database, organizationId, $"SELECT {Columns} FROM price_proposals WHERE organization_id = @organizationId ORDER BY created_at DESC, proposal_id DESC",
            new { organizationId }, cancel);

    /// <summary>A page, the latest first.</summary>
    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="state"><c>open</c>, <c>approved</c>, <c>rejected</c>, <c>superseded</c>, or null for all.</param>
    /// <param name="before">Only those that were made before this one.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="cancel">Stops reading.</param>
    public static Task<IReadOnlyList<PriceProposal>> ListAsync(
        Database database, Guid organizationId, string? state, Guid? before, int limit, CancellationToken cancel) =>
        ReadAsync(database, organizationId, PageSql,
            new { organizationId, isFirst = before is null, before = before ?? Guid.Empty, state = state ?? "", limit }, cancel);

    internal static Task AddAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, PriceProposal proposal, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(Insert, new
        {
            organizationId, proposal.ProposalId, proposal.CreatedAt, proposal.Source, proposal.Prices, proposal.Differences,
            proposal.ProposedBy, proposal.ProposerId,
        }, transaction, cancellationToken: cancel));

    public static async Task<PriceProposal?> FindAsync(Database database, Guid organizationId, Guid proposalId, CancellationToken cancel) =>
        (await ReadAsync(database, organizationId, $"SELECT {Columns} FROM price_proposals WHERE organization_id = @organizationId AND proposal_id = @proposalId",
            new { organizationId, proposalId }, cancel)).SingleOrDefault();

    /// <summary>The runs of an organization, the latest first.</summary>
    public static async Task<IReadOnlyList<PriceSyncRun>> ListRunsAsync(
        Database database, Guid organizationId, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredRun>(new CommandDefinition("""
            SELECT run_id, started_at, ended_at, source, outcome, failure, prices_read, proposal_id FROM price_sync_runs
            WHERE organization_id = @organizationId ORDER BY started_at DESC, run_id DESC LIMIT @limit
            """, new { organizationId, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToRun())];
    }

    /// <summary>Marks an open proposal as decided, within the transaction that acts on it.</summary>
    internal static async Task DecideAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, Guid proposalId, ProposalDecision decision,
        long nowMicros, string actor, CancellationToken cancel)
    {
        var decided = await connection.ExecuteAsync(new CommandDefinition("""
            UPDATE price_proposals SET decision = @decision, decided_at = @nowMicros, decided_by = @actor
            WHERE organization_id = @organizationId AND proposal_id = @proposalId AND decision IS NULL
            """, new { organizationId, proposalId, decision = Spell(decision), nowMicros, actor }, transaction, cancellationToken: cancel));
        if (decided != 1) throw new InvalidOperationException($"proposal {proposalId} is not open: its state must be read under the organization's lock");
    }

    private static async Task<IReadOnlyList<PriceProposal>> ReadAsync(
        Database database, Guid organizationId, string sql, object parameters, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredProposal>(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToProposal())];
    }

    private static string Spell(SyncOutcome outcome) => outcome switch
    {
        SyncOutcome.Proposed => "proposed",
        SyncOutcome.Unchanged => "unchanged",
        SyncOutcome.Failed => "failed",
    };

    private static string Spell(ProposalDecision decision) => decision switch
    {
        ProposalDecision.Approved => "approved",
        ProposalDecision.Rejected => "rejected",
        ProposalDecision.Superseded => "superseded",
    };

    private sealed class StoredProposal
    {
        public Guid ProposalId { get; set; }
        public long CreatedAt { get; set; }
        public string Source { get; set; } = "";
        public string Prices { get; set; } = "";
        public string Differences { get; set; } = "";
        public string? Decision { get; set; }
        public long? DecidedAt { get; set; }
        public string? DecidedBy { get; set; }
        public string? ProposedBy { get; set; }
        public Guid? ProposerId { get; set; }

        public PriceProposal ToProposal() => new()
        {
            ProposalId = ProposalId,
            CreatedAt = CreatedAt,
            Source = Source,
            Prices = Prices,
            Differences = Differences,
            Decision = Decision is null ? null : Enum.GetValues<ProposalDecision>().Single(d => Spell(d) == Decision),
            DecidedAt = DecidedAt,
            DecidedBy = DecidedBy,
            ProposedBy = ProposedBy,
            ProposerId = ProposerId,
        };
    }

    private sealed class StoredRun
    {
        public Guid RunId { get; set; }
        public long StartedAt { get; set; }
        public long EndedAt { get; set; }
        public string Source { get; set; } = "";
        public string Outcome { get; set; } = "";
        public string? Failure { get; set; }
        public long PricesRead { get; set; }
        public Guid? ProposalId { get; set; }

        public PriceSyncRun ToRun() => new()
        {
            RunId = RunId,
            StartedAt = StartedAt,
            EndedAt = EndedAt,
            Source = Source,
            Outcome = Enum.GetValues<SyncOutcome>().Single(o => Spell(o) == Outcome),
            Failure = Failure,
            PricesRead = PricesRead,
            ProposalId = ProposalId,
        };
    }
}
