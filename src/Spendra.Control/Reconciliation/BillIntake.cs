using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>A bill that was read and is to be imported.</summary>
/// <param name="ImportId">The id that it gets, should it be a new one.</param>
/// <param name="AreLinesWritten">Its lines are written under this id already.</param>
public readonly record struct StagedBill(Guid ImportId, bool AreLinesWritten);

/// <summary>
/// How a bill that was read becomes an import, for the management API and the command line alike: once for the same content, and in
/// place of earlier imports for the days that it covers.
/// </summary>
public static class BillIntake
{
    /// <summary>Imports a bill for whoever works at the command line.</summary>
    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="account">The slug of the account whose bill it is.</param>
    /// <param name="content">What is imported.</param>
    /// <param name="author">Who imports.</param>
    /// <param name="time">Dates it.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>The import and whether it is a new one, or in one sentence why the content is no bill.</returns>
    public static async Task<(BillImport? Import, bool IsNew, string? Fault)> ImportAsync(
        Database database, Guid organizationId, string account, BillContent content, ChangeAuthor author, TimeProvider time, CancellationToken cancel)
    {
        var (bill, fault) = BillParser.Read(content);
        if (bill is null) return (null, false, fault);
        var staged = await StageAsync(database, organizationId, content.AccountId, bill, cancel);
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organizationId, time, cancel);
        var (import, change) = await PlanAsync(transaction, staged, content.AccountId, account, content.Format, bill, author.Actor, cancel);
        if (change is not null) await transaction.ApplyAsync([change], author, cancel);
        return (import, change is not null, null);
    }

    /// <summary>
    /// Writes the lines of a large bill before anything is locked: whoever books waits for the organization's lock. A small one, or one
    /// that was imported before, is left to <see cref="PlanAsync"/>.
    /// </summary>
    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="accountId">Whose bill it is.</param>
    /// <param name="bill">What was read.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<StagedBill> StageAsync(Database database, Guid organizationId, Guid accountId, ReadBill bill, CancellationToken cancel)
    {
        var importId = Guid.CreateVersion7();
        if (bill.Lines.Count <= BilledLineWriter.AtOnce) return new StagedBill(importId, AreLinesWritten: false);
        if (await BillReader.FindSameAsync(database, organizationId, accountId, bill.Digest, cancel) is not null) return new StagedBill(importId, AreLinesWritten: false);
        await BilledLineWriter.WriteAsync(database, organizationId, importId, bill.Lines, cancel);
        return new StagedBill(importId, AreLinesWritten: true);
    }

    /// <summary>The import that the same content made, as long as it counts; or a new one with the change that adds it.</summary>
    /// <param name="transaction">Holds the organization's lock.</param>
    /// <param name="staged">What <see cref="StageAsync"/> returned.</param>
    /// <param name="accountId">Whose bill it is.</param>
    /// <param name="account">The account's slug.</param>
    /// <param name="format">One of <see cref="BillFormats.All"/>.</param>
    /// <param name="bill">What was read.</param>
    /// <param name="actor">Who imports.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<(BillImport Import, GovernanceChange? Change)> PlanAsync(
        GovernanceTransaction transaction, StagedBill staged, Guid accountId, string account, string format, ReadBill bill, string actor, CancellationToken cancel)
    {
        if (await BillReader.FindSameAsync(transaction, accountId, bill.Digest, cancel) is { } same) return (same, null);
        var import = new BillImport
        {
            ImportId = staged.ImportId,
            AccountId = accountId,
            Account = account,
            Format = format,
            Digest = bill.Digest,
            FirstDay = bill.FirstDay,
            EndDay = bill.EndDay,
            LineCount = bill.Lines.Count,
            SkippedCount = bill.Skipped,
            Amount = bill.Amount,
            ImportedAt = transaction.NowMicros,
            ImportedBy = actor,
            CurrentDays = bill.EndDay - bill.FirstDay,
        };
        var note = new ChangeNote("import", "bill", import.ImportId.ToString(), null, ImportView.Describe(import).ToJson());
        return (import, new GovernanceChange(new GovernanceWrite.AddBill(import, staged.AreLinesWritten ? [] : bill.Lines), note));
    }
}
