using Spendra.Storage.Audit;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Tests;

/// <summary>Whatever is done to the records behind Spendra's back, verifying shows it.</summary>
public abstract class AuditContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_untouched_chain_is_whole_and_without_gaps()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var id = await FillAsync(store);

        (await AuditLog.VerifyAsync(store.Database, id, Cancel)).Should().Be(new AuditVerdict(6, null));
        var records = await AuditLog.ReadAsync(store.Database, id, Cancel).ToListAsync(Cancel);
        records.Select(r => r.Sequence).Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public async Task A_changed_record_shows_whatever_was_changed()
    {
        string[] changes =
        [
            "actor = 'somebody else'", "action = 'x'", "subject_kind = 'x'", "subject = 'y'", "before_state = '{}'",
            "after_state = NULL", "reason = ''", "origin = 'x'", "recorded_at = recorded_at + 1",
            "subject_kind = 'thin', subject = 'gx'",
        ];
        await using var store = await GovernanceStore.OpenAsync(engine);
        for (var i = 0; i < changes.Length; i++)
        {
            var id = await FillAsync(store, $"org-{i}");

            await store.ExecuteAsync($"UPDATE audit_records SET {changes[i]} WHERE sequence = 3 AND organization_id = @id", new { id });

            (await AuditLog.VerifyAsync(store.Database, id, Cancel)).Should().Be(
                new AuditVerdict(2, "record 3 was changed after it was written"), changes[i]);
        }
    }

    [Fact]
    public async Task A_deleted_record_shows_wherever_it_was()
    {
        foreach (var sequence in new[] { 1, 3, 6 })
        {
            await using var store = await GovernanceStore.OpenAsync(engine);
            var id = await FillAsync(store);

            await store.ExecuteAsync("DELETE FROM audit_records WHERE sequence = @sequence", new { sequence });

            (await AuditLog.VerifyAsync(store.Database, id, Cancel)).IsWhole.Should().BeFalse($"record {sequence} is gone");
        }
    }

    [Fact]
    public async Task A_removed_record_that_is_renumbered_away_shows()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var id = await FillAsync(store);

        await store.ExecuteAsync("DELETE FROM audit_records WHERE sequence = 6");
        await store.ExecuteAsync("UPDATE organizations SET audit_sequence = 5");

        (await AuditLog.VerifyAsync(store.Database, id, Cancel)).Contradiction.Should().Contain("not the one that the organization remembers");
    }

    [Fact]
    public async Task An_inserted_record_shows()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var id = await FillAsync(store);

        await store.ExecuteAsync("""
            INSERT INTO audit_records (organization_id, sequence, recorded_at, actor, action, subject_kind, subject, origin, previous_hash, hash)
            SELECT organization_id, 7, recorded_at, actor, action, subject_kind, subject, origin, hash, hash FROM audit_records WHERE sequence = 6
            """);

        (await AuditLog.VerifyAsync(store.Database, id, Cancel)).IsWhole.Should().BeFalse();
    }

    [Fact]
    public async Task A_new_order_shows()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var id = await FillAsync(store);

        await store.ExecuteAsync("UPDATE audit_records SET sequence = 99 WHERE sequence = 3");
        await store.ExecuteAsync("UPDATE audit_records SET sequence = 3 WHERE sequence = 4");
        await store.ExecuteAsync("UPDATE audit_records SET sequence = 4 WHERE sequence = 99");

        (await AuditLog.VerifyAsync(store.Database, id, Cancel)).Contradiction.Should()
            .Be("record 3 does not continue record 2: one of them was replaced or moved");
    }

    [Fact]
    public async Task Organizations_have_chains_of_their_own()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var first = await FillAsync(store);
        var second = await GovernanceEdits.CreateAsync(store, "other");

        await store.ExecuteAsync("UPDATE audit_records SET actor = 'x' WHERE organization_id = @first", new { first });

        (await AuditLog.VerifyAsync(store.Database, first, Cancel)).IsWhole.Should().BeFalse();
        (await AuditLog.VerifyAsync(store.Database, second, Cancel)).Should().Be(new AuditVerdict(1, null));
        (await AuditLog.VerifyAsync(store.Database, Guid.CreateVersion7(), Cancel)).IsWhole.Should().BeFalse();
    }

    private static async Task<Guid> FillAsync(GovernanceStore store, string slug = "acme")
    {
        var id = await GovernanceEdits.CreateAsync(store, slug);
        for (var i = 0; i < 5; i++)
        {
            await using var transaction = await GovernanceEdits.BeginAsync(store, slug);
            await GovernanceEdits.ApplyAsync(transaction, new GovernanceWrite.PutScope(GovernanceEdits.Employee(Guid.CreateVersion7())));
        }
        return id;
    }
}

public sealed class AuditOnSqliteTests() : AuditContract(DatabaseEngine.Sqlite);

public sealed class AuditOnPostgresTests() : AuditContract(DatabaseEngine.Postgres);
