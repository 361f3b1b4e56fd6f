using System.Data.Common;
using Dapper;
using Spendra.Core.Audit;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Storage.Access;
using Spendra.Storage.Alerts;
using Spendra.Storage.Exports;
using Spendra.Storage.Ledger;
using Spendra.Storage.Outbox;
using Spendra.Storage.Periods;
using Spendra.Storage.Pricing;
using Spendra.Storage.Reconciliation;

namespace Spendra.Storage.Governance;

/// <summary>
/// Puts governance rows. Every statement runs once over all rows of its kind. What must not
/// change is not among the columns that an update sets.
/// </summary>
internal sealed class GovernanceRowWriter(
    Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, CancellationToken cancel)
{
    /// <summary>Writes in the order of references: what is pointed at comes first.</summary>
    /// <param name="writes">The rows, in any order.</param>
    /// <param name="seed">Prices that an organization starts with, should it be new.</param>
    public async Task WriteAsync(List<GovernanceWrite> writes, IReadOnlyList<PriceVersion> seed)
    {
        foreach (var put in writes.OfType<GovernanceWrite.PutOrganization>()) await PutOrganizationAsync(put.Row, seed);
        await PutScopesAsync([.. writes.OfType<GovernanceWrite.PutScope>().Select(w => w.Row).OrderBy(r => r.Scope.Kind)]);
        await PutAccountsAsync(writes.OfType<GovernanceWrite.PutAccount>().Select(w => w.Row));
        await AddPricesAsync(writes.OfType<GovernanceWrite.AddPrice>().Select(w => w.Price));
        foreach (var add in writes.OfType<GovernanceWrite.AddProposal>())
            await PriceProposals.AddAsync(connection, transaction, stamp.OrganizationId, add.Proposal, cancel);
        foreach (var decide in writes.OfType<GovernanceWrite.DecideProposal>())
        {
            await PriceProposals.DecideAsync(connection, transaction, stamp.OrganizationId, decide.ProposalId, decide.Decision,
                stamp.NowMicros, stamp.Actor, cancel);
        }
        await PutBudgetsAsync(writes.OfType<GovernanceWrite.PutBudget>().Select(w => w.Row));
        await PutBudgetsAsync(writes.OfType<GovernanceWrite.GrantIncrease>().Select(w => w.Row));
        await PutPoliciesAsync(writes.OfType<GovernanceWrite.PutPolicy>().Select(w => w.Row));
        await PutPoliciesAsync(writes.OfType<GovernanceWrite.ApproveReview>().Select(w => w.Row));
        await new KeyRowWriter(database, connection, transaction, stamp, cancel).WriteAsync(writes);
        await BudgetRequestWriter.WriteAsync(database, connection, transaction, stamp, writes, cancel);
        await new AccessRowWriter(database, connection, transaction, stamp, cancel).WriteAsync(writes);
        await new AdjustmentWriter(database, connection, transaction, stamp, cancel).WriteAsync(writes);
        await new ReconciliationWriter(database, connection, transaction, stamp, cancel).WriteAsync(writes);
        await PeriodWriter.WriteAsync(database, connection, transaction, stamp, writes, cancel);
        await new AlertRowWriter(database, connection, transaction, stamp, cancel).WriteAsync(writes);
        await BillSchedules.WriteAsync(database, connection, transaction, stamp, writes, cancel);
        await ExportWriter.WriteAsync(database, connection, transaction, stamp, writes, cancel);
        foreach (var retry in writes.OfType<GovernanceWrite.RetryUncounted>())
            await OutboxFailures.RetryAsync(connection, transaction, stamp.OrganizationId, retry.Sequence, stamp.NowMicros, cancel);
    }

    private async Task PutOrganizationAsync(OrganizationRow row, IReadOnlyList<PriceVersion> seed)
    {
        var isNew = await ExecuteOneAsync("""
            INSERT INTO organizations (organization_id, slug, name, currency, time_zone, governance_epoch,
                entry_sequence, outbox_sequence, audit_sequence, audit_hash, created_at)
            VALUES (@OrganizationId, @Slug, @Name, @Currency, @TimeZone, @Epoch, 0, 0, 0, @auditHash, @NowMicros)
            ON CONFLICT (organization_id) DO NOTHING
            """, new
        {
            stamp.OrganizationId, row.Slug, row.Name, row.Currency, row.TimeZone, stamp.Epoch,
            auditHash = AuditHead.Start.Hash, stamp.NowMicros,
        }) == 1;
        if (isNew)
        {
            await AddPricesAsync(seed);
        }
        else
        {
            await ExecuteOneAsync(
                "UPDATE organizations SET name = @Name, time_zone = @TimeZone WHERE organization_id = @OrganizationId",
                new { stamp.OrganizationId, row.Name, row.TimeZone });
        }
        var scope = new Scope(stamp.OrganizationId, ScopeKind.Organization, row.Slug, row.Name, ParentId: null);
        await PutScopesAsync([new ScopeRow(scope, IsArchived: false)]);
    }

    private async Task PutScopesAsync(List<ScopeRow> rows)
    {
        await ExecuteEachAsync("""
            INSERT INTO scopes (organization_id, scope_id, kind, slug, name, email, parent_id, archived_at, changed_epoch)
            VALUES (@OrganizationId, @ScopeId, @kind, @Slug, @Name, @Email, @ParentId, @archivedAt, @Epoch)
            ON CONFLICT (organization_id, scope_id) DO UPDATE SET name = excluded.name, email = excluded.email,
                parent_id = excluded.parent_id, archived_at = excluded.archived_at, changed_epoch = excluded.changed_epoch
            """, rows.Select(r => new
        {
            stamp.OrganizationId, r.Scope.ScopeId, kind = Scope.KindName(r.Scope.Kind), r.Scope.Slug, r.Scope.Name,
            r.Email, r.Scope.ParentId, archivedAt = ArchivedAt(r.IsArchived), stamp.Epoch,
        }));
        var employees = rows.Where(r => r.Scope.Kind == ScopeKind.Employee).ToList();
        await ExecuteEachAsync(
            "DELETE FROM employee_projects WHERE organization_id = @OrganizationId AND employee_id = @ScopeId",
            employees.Select(e => new { stamp.OrganizationId, e.Scope.ScopeId }));
        await ExecuteEachAsync(
            "INSERT INTO employee_projects (organization_id, employee_id, project_id) VALUES (@OrganizationId, @ScopeId, @projectId)",
            employees.SelectMany(e => e.ProjectIds.Select(projectId => new { stamp.OrganizationId, e.Scope.ScopeId, projectId })));
    }

    private Task PutAccountsAsync(IEnumerable<AccountRow> rows) => ExecuteEachAsync("""
        INSERT INTO provider_accounts (organization_id, account_id, slug, provider, base_url, credential_kind,
            credential, settings, archived_at, changed_epoch)
        VALUES (@OrganizationId, @AccountId, @Slug, @Provider, @BaseUrl, @kind, @Credential, @settings, @archivedAt, @Epoch)
        ON CONFLICT (organization_id, account_id) DO UPDATE SET base_url = excluded.base_url,
            credential_kind = excluded.credential_kind, credential = excluded.credential, settings = excluded.settings,
            archived_at = excluded.archived_at, changed_epoch = excluded.changed_epoch
        """, rows.Select(r => new
    {
        stamp.OrganizationId, r.Account.AccountId, r.Account.Slug, r.Account.Provider, r.Account.BaseUrl,
        kind = GovernanceNames.Of(r.Account.CredentialKind), r.Account.Credential, settings = RuleJson.Write(r.Account.Settings),
        archivedAt = ArchivedAt(r.IsArchived), stamp.Epoch,
    }));

    private Task AddPricesAsync(IEnumerable<PriceVersion> prices) => ExecuteEachAsync("""
        INSERT INTO prices (organization_id, price_id, provider, model, input_rate, cached_input_rate,
            cache_write_rate, output_rate, long_context_above, long_input_rate, long_cached_input_rate,
            long_cache_write_rate, long_output_rate, other_rates, long_other_rates, tier_percents, context_window,
            max_output, effective_from, effective_to, recorded_at, source, changed_epoch)
        VALUES (@OrganizationId, @PriceId, @Provider, @Model, @input, @cached, @write, @output, @above, @longInput,
            @longCached, @longWrite, @longOutput, @others, @longOthers, @tiers, @ContextWindow, @MaxOutput, @EffectiveFrom,
            @EffectiveTo, @RecordedAt, @Source, @Epoch)
        """, prices.Select(p => new
    {
        stamp.OrganizationId, p.PriceId, p.Provider, p.Model,
        input = p.Rates.Input.NanosPerMillion, cached = p.Rates.CachedInput.NanosPerMillion,
        write = p.Rates.CacheWrite.NanosPerMillion, output = p.Rates.Output.NanosPerMillion,
        above = p.LongContext?.AboveInputUnits,
        longInput = p.LongContext?.Rates.Input.NanosPerMillion, longCached = p.LongContext?.Rates.CachedInput.NanosPerMillion,
        longWrite = p.LongContext?.Rates.CacheWrite.NanosPerMillion, longOutput = p.LongContext?.Rates.Output.NanosPerMillion,
        others = UnitsJson.WriteRates(p.Rates.Others), longOthers = p.LongContext is { } band ? UnitsJson.WriteRates(band.Rates.Others) : null,
        tiers = RuleJson.WriteTiers(p.TierPercents), p.ContextWindow, p.MaxOutput, p.EffectiveFrom, p.EffectiveTo,
        p.RecordedAt, p.Source, stamp.Epoch,
    }));

    private Task PutBudgetsAsync(IEnumerable<BudgetRow> rows) => ExecuteEachAsync("""
        INSERT INTO budgets (organization_id, budget_id, slug, scope_id, amount_nanos, period, week_start,
            fiscal_start_month, range_start, range_end, time_zone, increases, archived_at, changed_epoch)
        VALUES (@OrganizationId, @BudgetId, @Slug, @ScopeId, @amount, @period, @weekStart, @FiscalStartMonth,
            @rangeStart, @rangeEnd, @zone, @increases, @archivedAt, @Epoch)
        ON CONFLICT (organization_id, budget_id) DO UPDATE SET amount_nanos = excluded.amount_nanos,
            increases = excluded.increases, archived_at = excluded.archived_at, changed_epoch = excluded.changed_epoch
        """, rows.Select(r => new
    {
        stamp.OrganizationId, r.Budget.BudgetId, r.Budget.Slug, r.Budget.ScopeId, amount = r.Budget.Amount.Value,
        period = GovernanceNames.Of(r.Budget.Period.Kind), weekStart = (int)r.Budget.Period.WeekStart,
        r.Budget.Period.FiscalStartMonth, rangeStart = StoredBudget.Text(r.Budget.Period.RangeStart),
        rangeEnd = StoredBudget.Text(r.Budget.Period.RangeEnd), zone = r.Budget.Zone.Id,
        increases = RuleJson.Write(r.Budget.Increases),
        archivedAt = ArchivedAt(r.IsArchived), stamp.Epoch,
    }));

    private Task PutPoliciesAsync(IEnumerable<PolicyRow> rows) => ExecuteEachAsync("""
        INSERT INTO policies (organization_id, policy_id, slug, kind, scope_id, budget_id, rule, set_by, set_at,
            archived_at, changed_epoch)
        VALUES (@OrganizationId, @PolicyId, @Slug, @kind, @ScopeId, @BudgetId, @rule, @Actor, @NowMicros, @archivedAt, @Epoch)
        ON CONFLICT (organization_id, policy_id) DO UPDATE SET scope_id = excluded.scope_id,
            budget_id = excluded.budget_id, rule = excluded.rule, set_by = excluded.set_by, set_at = excluded.set_at,
            archived_at = excluded.archived_at, changed_epoch = excluded.changed_epoch
        """, rows.Select(r => new
    {
        stamp.OrganizationId, r.Policy.PolicyId, r.Policy.Slug, kind = GovernanceNames.Of(r.Policy.Kind),
        r.Policy.ScopeId, r.Policy.BudgetId, rule = RuleJson.Write(r.Policy), stamp.Actor, stamp.NowMicros,
        archivedAt = ArchivedAt(r.IsArchived), stamp.Epoch,
    }));

    private long? ArchivedAt(bool isArchived) => isArchived ? stamp.NowMicros : null;

    private Task<int> ExecuteOneAsync(string sql, object row) =>
        connection.ExecuteAsync(new CommandDefinition(sql, row, transaction, cancellationToken: cancel));

    private Task ExecuteEachAsync(string sql, IEnumerable<object> rows) =>
        database.ExecuteEachAsync(connection, transaction, sql, rows, cancel);
}
