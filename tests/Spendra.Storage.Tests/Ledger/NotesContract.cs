using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>Refusals, provider objects, deletions and heartbeats are written with whatever the lane commits next.</summary>
public abstract class NotesContract(DatabaseEngine engine)
{
    [Fact]
    public Task Notes_share_the_commit_of_a_reservation() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var (lane, gated) = world.OpenGatedLane();
        var gate = gated.HoldBegin();
        var plug = lane.ReserveAsync(tenant.Reserve(1, cap));
        await gate.Reached;
        var all = Task.WhenAll(
            lane.RecordAsync(FullRefusal(tenant)), lane.RecordAsync(File(tenant, "file-1")),
            lane.BeatAsync(Guid.CreateVersion7(), 1, 2), lane.ReserveAsync(tenant.Reserve(1, cap)));
        gate.Open();
        await plug;
        await all;
        gated.Commits.Should().Be(2);
        (await world.CountAsync("refusals") + await world.CountAsync("provider_objects") + await world.CountAsync("gateways")).Should().Be(3);
    });

    [Fact]
    public Task Refusal_keeps_every_column() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var full = FullRefusal(tenant);
        var lane = world.OpenLane();
        await lane.RecordAsync(full);
        await lane.RecordAsync(full with { Route = "responses" });

        var window = full.Refusal.Window!;
        (await world.RowAsync("SELECT * FROM refusals")).Should().BeEquivalentTo(LedgerColumns.Of(new()
        {
            ["organization_id"] = full.OrganizationId, ["request_id"] = full.RequestId, ["key_id"] = full.KeyId,
            ["refused_at"] = full.RefusedAt, ["route"] = full.Route, ["provider"] = full.Provider, ["model"] = full.Model,
            ["code"] = "budget_exceeded", ["message"] = full.Refusal.Message, ["policy_id"] = full.Refusal.PolicyId,
            ["budget_id"] = window.BudgetId, ["limit_nanos"] = 1L, ["settled_nanos"] = 2L, ["reserved_nanos"] = 3L,
            ["needed_nanos"] = 4L, ["window_starts_at"] = 5L, ["window_ends_at"] = 6L,
            ["scope_ids"] = PackedIds.Pack(full.ScopeIds), ["environment"] = "production",
        }), "a request is refused once");
    });

    [Fact]
    public Task Refusal_without_a_budget_keeps_its_absences() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        await lane.RecordAsync(FullRefusal(tenant) with
        {
            Provider = null,
            Model = null,
            Environment = null,
            Refusal = new Refusal(RefusalCode.KeyExpired, "the key has expired"),
        });
        var row = await world.RowAsync("SELECT * FROM refusals");
        row.Where(c => c.Value is null).Select(c => c.Key).Should().BeEquivalentTo(
            "provider", "model", "policy_id", "budget_id", "limit_nanos", "settled_nanos", "reserved_nanos", "needed_nanos",
            "window_starts_at", "window_ends_at", "environment");
    });

    [Fact]
    public Task Object_keeps_every_column_and_its_first_owner() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var file = File(tenant, "file-1");
        await lane.RecordAsync(file);
        await lane.RecordAsync(file with { KeyId = Guid.CreateVersion7() });
        var columns = LedgerColumns.Of(new()
        {
            ["organization_id"] = file.OrganizationId, ["object_id"] = "file-1", ["kind"] = file.Kind, ["account_id"] = file.AccountId,
            ["key_id"] = file.KeyId, ["reservation_id"] = file.ReservationId, ["created_at"] = 7L, ["deleted_at"] = null,
            ["bytes"] = 8L, ["file_name"] = "ünïcode.jsonl", ["purpose"] = "batch", ["expires_at"] = 9L, ["input_file_id"] = null,
        });
        (await world.RowAsync("SELECT * FROM provider_objects")).Should().BeEquivalentTo(columns);

        await lane.RecordDeletionAsync(tenant.OrganizationId, "file-1", 10);
        await lane.RecordDeletionAsync(tenant.OrganizationId, "file-1", 11);
        await lane.RecordDeletionAsync(Guid.CreateVersion7(), "file-1", 12);
        columns["deleted_at"] = 10L;
        (await world.RowAsync("SELECT * FROM provider_objects")).Should().BeEquivalentTo(columns, "the first deletion counts");
    });

    [Fact]
    public Task What_a_request_is_about_to_make_is_written_with_its_reservation_and_not_without() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var cap = await tenant.BudgetAsync(100);
        var admitted = Intending(tenant.Reserve(60, cap));
        var refused = Intending(tenant.Reserve(60, cap));

        (await lane.ReserveAsync(admitted)).Should().BeOfType<LedgerOutcome.Admitted>();
        (await lane.ReserveAsync(refused)).Should().BeOfType<LedgerOutcome.Refused>();

        var reader = new ProviderObjectReader(world.Database);
        (await reader.ListPendingBatchesAsync(0, 10, default)).Should().Equal(admitted.Intent!);
        await lane.RecordAsync(admitted.Intent! with { ObjectId = "batch_1", Kind = ObjectKind.Batch, InputFileId = null });
        (await reader.ListPendingBatchesAsync(0, 10, default)).Should().ContainSingle("it has been made").Which.ObjectId.Should().Be("batch_1");
        (await world.CountAsync("provider_objects")).Should().Be(2);

        ReserveCommand Intending(ReserveCommand command) => command with
        {
            Intent = File(tenant, $"{command.ReservationId}") with
            {
                Kind = ObjectKind.IntendedBatch, ReservationId = command.ReservationId, Bytes = null, FileName = null, Purpose = null, ExpiresAt = null, InputFileId = "file-1",
            },
        };
    });

    [Fact]
    public Task Batches_that_wait_are_listed_so_that_every_account_has_its_turn() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var cap = await tenant.BudgetAsync(100);
        var other = Guid.CreateVersion7();
        foreach (var (id, account, at) in new[] { ("a1", tenant.AccountId, 1L), ("a2", tenant.AccountId, 2L), ("a3", tenant.AccountId, 3L), ("b1", other, 4L) })
        {
            var held = tenant.Reserve(1, cap);
            await lane.ReserveAsync(held);
            await lane.RecordAsync(File(tenant, id) with { Kind = ObjectKind.Batch, AccountId = account, ReservationId = held.ReservationId, CreatedAt = at });
        }

        var listed = await new ProviderObjectReader(world.Database).ListPendingBatchesAsync(0, 3, default);

        listed.Select(b => b.ObjectId).Should().Equal("a1", "b1", "a2");
    });

    [Fact]
    public Task Tool_that_was_left_out_is_kept_once() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var stripped = new StrippedToolRecord(tenant.OrganizationId, Guid.CreateVersion7(), "web_search", Guid.CreateVersion7());
        var lane = world.OpenLane();
        await lane.RecordAsync(stripped);
        await lane.RecordAsync(stripped with { PolicyId = Guid.CreateVersion7() });

        (await world.RowAsync("SELECT * FROM stripped_tools")).Should().BeEquivalentTo(LedgerColumns.Of(new()
        {
            ["organization_id"] = stripped.OrganizationId, ["request_id"] = stripped.RequestId, ["tool"] = "web_search", ["policy_id"] = stripped.PolicyId,
        }));
    });

    [Fact]
    public Task Heartbeat_moves_and_its_start_stays() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var (lane, id) = (world.OpenLane(), Guid.CreateVersion7());
        await lane.BeatAsync(id, 1, 2);
        await lane.BeatAsync(id, 3, 4);
        (await world.RowAsync("SELECT * FROM gateways")).Should().BeEquivalentTo(
            LedgerColumns.Of(new() { ["gateway_id"] = id, ["started_at"] = 1L, ["heartbeat_at"] = 4L }));
    });

    [Fact]
    public Task Note_that_cannot_be_written_fails_its_caller_and_nobody_else() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var (lane, gated) = world.OpenGatedLane();
        var gate = gated.HoldBegin();
        var plug = lane.ReserveAsync(tenant.Reserve(1, cap));
        await gate.Reached;
        var bad = lane.RecordAsync(File(tenant, "file-1") with { Kind = (ObjectKind)9 });
        var good = lane.RecordAsync(File(tenant, "file-2"));
        var held = lane.ReserveAsync(tenant.Reserve(1, cap));
        gate.Open();
        await plug;

        await FluentActions.Awaiting(() => bad).Should().ThrowAsync<Exception>();
        await good;
        (await held).Should().BeOfType<LedgerOutcome.Admitted>();
        (await world.ScalarAsync<string>("SELECT object_id FROM provider_objects")).Should().Be("file-2");
    });

    // A B-tree entry of PostgreSQL holds some 2,700 bytes; the server reports that in a class of its own.
    [Fact]
    public Task Object_id_of_absurd_length_does_not_stop_the_lane() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var random = new Random(1);
        var absurd = File(tenant, string.Concat(Enumerable.Range(0, 20_000).Select(_ => (char)random.Next('a', 'z'))));
        var recording = lane.RecordAsync(absurd);
        await Task.WhenAny(recording, lane.ReserveAsync(tenant.Reserve(1, await tenant.BudgetAsync(100))));
        await ((Task)recording).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        recording.IsFaulted.Should().Be(engine == DatabaseEngine.Postgres);
    });

    [Fact]
    public Task Text_of_a_provider_never_keeps_a_settlement_from_being_written() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var held = tenant.Reserve(1, await tenant.BudgetAsync(100));
        await lane.ReserveAsync(held);
        var settle = Settle(held, 1);
        var foreign = settle.Settlement with { ServedModel = "gpt\0-6", ServedTier = "\ud800fast", UpstreamRequestId = "a\udc00\0" };
        (await lane.EndAsync(settle with { Settlement = foreign })).Should().BeOfType<LedgerOutcome.Ended>();
        await lane.RecordAsync(File(tenant, "file-1") with { FileName = "a\0b", Purpose = "\ud800" });
        await lane.RecordAsync(FullRefusal(tenant) with { Model = "m\0", Refusal = new Refusal(RefusalCode.ModelNotAllowed, "model 'm\0'") });

        var row = await world.RowAsync("SELECT served_model, served_tier, upstream_request_id FROM spend_events");
        row.Values.Should().Equal("gpt\ufffd-6", "\ufffdfast", "a\ufffd\ufffd");
        (await world.ScalarAsync<string>("SELECT file_name FROM provider_objects")).Should().Be("a\ufffdb");
        (await world.ScalarAsync<string>("SELECT message FROM refusals")).Should().Be("model 'm\ufffd'");
    });

    private static ProviderObject File(Tenant tenant, string id) => new()
    {
        OrganizationId = tenant.OrganizationId,
        ObjectId = id,
        Kind = ObjectKind.File,
        AccountId = tenant.AccountId,
        KeyId = tenant.KeyId,
        ReservationId = Guid.CreateVersion7(),
        CreatedAt = 7,
        Bytes = 8,
        FileName = "ünïcode.jsonl",
        Purpose = "batch",
        ExpiresAt = 9,
    };

    private static RefusalRecord FullRefusal(Tenant tenant) => new()
    {
        OrganizationId = tenant.OrganizationId,
        RequestId = Guid.CreateVersion7(),
        KeyId = tenant.KeyId,
        RefusedAt = 1_700_000_000_123_456,
        Route = "chat.completions",
        Provider = "openai",
        Model = "gpt-6-sol",
        ScopeIds = [tenant.OrganizationId],
        Environment = "production",
        Refusal = new Refusal(RefusalCode.BudgetExceeded, "Budget 'b' cannot cover this request.")
        {
            PolicyId = Guid.CreateVersion7(),
            PolicySlug = "cap",
            Window = new RefusedWindow(Guid.CreateVersion7(), "b", new NanoUsd(1), new NanoUsd(2), new NanoUsd(3), new NanoUsd(4), 5, 6),
        },
    };
}

public sealed class NotesOnSqliteTests() : NotesContract(DatabaseEngine.Sqlite);

public sealed class NotesOnPostgresTests() : NotesContract(DatabaseEngine.Postgres);
