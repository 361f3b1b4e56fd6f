using System.Data.Common;
using Dapper;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Reconciliation;

/// <summary>What was imported of a provider's bill.</summary>
public sealed record BillImport
{
    public required Guid ImportId { get; init; }

    public required Guid AccountId { get; init; }

    /// <summary>The account's slug.</summary>
    public string Account { get; init; } = "";

    public required string Format { get; init; }

    /// <summary>SHA-256 of the content and of how it is read.</summary>
    public required byte[] Digest { get; init; }

    /// <summary>The first day that it is the bill of, in days since the Unix epoch.</summary>
    public required long FirstDay { get; init; }

    /// <summary>The day after the last one.</summary>
    public required long EndDay { get; init; }

    public required int LineCount { get; init; }

    /// <summary>Lines that are about something else than models.</summary>
    public required int SkippedCount { get; init; }

    public required NanoUsd Amount { get; init; }

    public long ImportedAt { get; init; }

    public string ImportedBy { get; init; } = "";

    /// <summary>How many of its days count; the rest was superseded by later imports.</summary>
    public long CurrentDays { get; init; }
}

/// <summary>Reads imported bills.</summary>
public static class BillReader
{
    private const string Rows = """
        SELECT i.import_id, i.account_id, p.slug AS account, i.format, i.digest, i.first_day, i.end_day, i.line_count, i.skipped_count,
            i.amount_nanos, i.imported_at, i.imported_by, (SELECT count(*) FROM bill_days d WHERE d.organization_id = i.organization_id
                AND d.account_id = i.account_id AND d.import_id = i.import_id) AS current_days
        FROM bill_imports i
        LEFT JOIN provider_accounts p ON p.organization_id = i.organization_id AND p.account_id = i.account_id
        WHERE i.organization_id = @organizationId
        """;

    private const string Page = Rows + "\nAND (@isFirst OR i.import_id < @before) ORDER BY i.import_id DESC LIMIT @limit";

    private const string One = Rows + "\nAND i.import_id = @importId";

    private const string OfDigest = Rows + "\nAND i.account_id = @accountId AND i.digest = @digest ORDER BY i.import_id DESC LIMIT 1";

    private const string Lines = """
        SELECT l.day, l.model, l.class, l.quantity, l.amount_nanos, l.source_line FROM bill_days d
        JOIN billed_lines l ON l.organization_id = d.organization_id AND l.import_id = d.import_id AND l.day = d.day
        WHERE d.organization_id = @organizationId AND d.account_id = @accountId AND d.day >= @firstDay AND d.day < @endDay
        """;

    private const string CoveredDays = """
        SELECT count(*) FROM bill_days
        WHERE organization_id = @organizationId AND account_id = @accountId AND day >= @firstDay AND day < @endDay
        """;

    /// <summary>The latest first.</summary>
    public static async Task<IReadOnlyList<BillImport>> ListAsync(Database database, Guid organizationId, Guid? before, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredImport>(new CommandDefinition(
            Page, new { organizationId, isFirst = before is null, before = before ?? Guid.Empty, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToImport())];
    }

    public static async Task<BillImport?> FindAsync(Database database, Guid organizationId, Guid importId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return (await connection.QuerySingleOrDefaultAsync<StoredImport>(new CommandDefinition(
            One, new { organizationId, importId }, transaction, cancellationToken: cancel)))?.ToImport();
    }

    /// <summary>The latest import of the same content, should all of its days still count.</summary>
    public static async Task<BillImport?> FindSameAsync(Database database, Guid organizationId, Guid accountId, byte[] digest, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await FindSameAsync(connection, transaction, organizationId, accountId, digest, cancel);
    }

    /// <summary>As the other, under the lock of a change.</summary>
    public static Task<BillImport?> FindSameAsync(GovernanceTransaction transaction, Guid accountId, byte[] digest, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => FindSameAsync(connection, inner, transaction.OrganizationId, accountId, digest, cancel));

    private static async Task<BillImport?> FindSameAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, Guid accountId, byte[] digest, CancellationToken cancel)
    {
        var found = (await connection.QuerySingleOrDefaultAsync<StoredImport>(new CommandDefinition(
            OfDigest, new { organizationId, accountId, digest }, transaction, cancellationToken: cancel)))?.ToImport();
        return found is not null && found.CurrentDays == found.EndDay - found.FirstDay ? found : null;
    }

    /// <summary>What counts for some days of an account, and how many of them an import covers.</summary>
    public static async Task<(IReadOnlyList<BilledLine> Lines, long CoveredDays)> ReadAsync(
        Database database, Guid organizationId, Guid accountId, ComparisonRules span, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        // A day more on either side: for what was billed late.
        var lines = await connection.QueryAsync<StoredLine>(new CommandDefinition(Lines,
            new { organizationId, accountId, firstDay = span.FirstDay - 1, endDay = span.EndDay + 1 }, transaction, cancellationToken: cancel));
        var covered = await connection.ExecuteScalarAsync<long>(new CommandDefinition(CoveredDays,
            new { organizationId, accountId, firstDay = span.FirstDay, endDay = span.EndDay }, transaction, cancellationToken: cancel));
        return ([.. lines.Select(l => l.ToLine(accountId))], covered);
    }

    private sealed class StoredImport
    {
        public Guid ImportId { get; set; }
        public Guid AccountId { get; set; }
        public string? Account { get; set; }
        public string Format { get; set; } = "";
        public byte[] Digest { get; set; } = [];
        public long FirstDay { get; set; }
        public long EndDay { get; set; }
        public int LineCount { get; set; }
        public int SkippedCount { get; set; }
        public long AmountNanos { get; set; }
        public long ImportedAt { get; set; }
        public string ImportedBy { get; set; } = "";
        public long CurrentDays { get; set; }

        public BillImport ToImport() => new()
        {
            ImportId = ImportId, AccountId = AccountId, Account = Account ?? "unknown", Format = Format, Digest = Digest, FirstDay = FirstDay,
            EndDay = EndDay, LineCount = LineCount, SkippedCount = SkippedCount, Amount = new NanoUsd(AmountNanos), ImportedAt = ImportedAt,
            ImportedBy = ImportedBy, CurrentDays = CurrentDays,
        };
    }

    private sealed class StoredLine
    {
        public long Day { get; set; }
        public string Model { get; set; } = "";
        public string? Class { get; set; }
        public long? Quantity { get; set; }
        public long AmountNanos { get; set; }
        public int SourceLine { get; set; }

        public BilledLine ToLine(Guid accountId) => new()
        {
            AccountId = accountId, Day = Day, Model = Model, Class = Reconciliation.StoredClass.Read(Class), Quantity = Quantity,
            Amount = new NanoUsd(AmountNanos), SourceLine = SourceLine,
        };
    }
}

/// <summary>The columns <c>class</c>.</summary>
internal static class StoredClass
{
    public static Core.Metering.UnitClass? Read(string? name) => name is null ? null
        : BilledClasses.Find(name) ?? throw new InvalidDataException($"'{name}' is no class that this version knows: a newer one wrote the row");
}
