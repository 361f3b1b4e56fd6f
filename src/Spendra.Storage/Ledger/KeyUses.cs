using System.Data.Common;
using Dapper;

namespace Spendra.Storage.Ledger;

/// <summary>
/// When keys were last used: the time of the latest request of each that was booked, brought up to date from the journal. Entries
/// have no gaps, so each is looked at once; looking twice would change nothing.
/// </summary>
public static class KeyUses
{
    private const int EntriesPerStep = 5_000;

    private const string Behind = """
        SELECT o.organization_id, coalesce(m.entry_sequence, 0) AS looked_at, o.entry_sequence AS booked
        FROM organizations o LEFT JOIN key_use_marks m ON m.organization_id = o.organization_id
        WHERE o.entry_sequence > coalesce(m.entry_sequence, 0)
        """;

    private const string Take = """
        INSERT INTO key_uses (organization_id, key_id, used_at)
        SELECT s.organization_id, s.key_id, max(s.reserved_at) FROM journal_entries j
        JOIN spend_events s ON s.organization_id = j.organization_id AND s.reservation_id = j.reservation_id
            AND s.event_number = j.event_number
        WHERE j.organization_id = @OrganizationId AND j.entry_sequence > @LookedAt AND j.entry_sequence <= @upTo
        GROUP BY s.organization_id, s.key_id
        ON CONFLICT (organization_id, key_id) DO UPDATE SET used_at = excluded.used_at WHERE key_uses.used_at < excluded.used_at
        """;

    private const string Mark = """
        INSERT INTO key_use_marks (organization_id, entry_sequence) VALUES (@OrganizationId, @upTo)
        ON CONFLICT (organization_id) DO UPDATE SET entry_sequence = excluded.entry_sequence
        WHERE key_use_marks.entry_sequence < excluded.entry_sequence
        """;

    /// <summary>Looks at the entries of every organization that were booked since the last time.</summary>
    public static async Task UpdateAsync(Database database, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var behind = (await connection.QueryAsync<StoredMark>(new CommandDefinition(Behind, cancellationToken: cancel))).AsList();
        foreach (var mark in behind)
        {
            for (var from = mark.LookedAt; from < mark.Booked; from += EntriesPerStep)
                await StepAsync(database, connection, mark.OrganizationId, from, Math.Min(from + EntriesPerStep, mark.Booked), cancel);
        }
    }

    // A transaction for each step: the ledger's writer waits for none of them long.
    private static async Task StepAsync(
        Database database, DbConnection connection, Guid organizationId, long from, long upTo, CancellationToken cancel)
    {
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, organizationId, cancel);
        var step = new { OrganizationId = organizationId, LookedAt = from, upTo };
        await connection.ExecuteAsync(new CommandDefinition(Take, step, transaction, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(Mark, step, transaction, cancellationToken: cancel));
        await database.CommitAsync(connection, transaction);
    }

    private sealed class StoredMark
    {
        public Guid OrganizationId { get; set; }
        public long LookedAt { get; set; }
        public long Booked { get; set; }
    }
}
