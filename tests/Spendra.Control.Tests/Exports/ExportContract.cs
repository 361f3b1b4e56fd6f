using System.Globalization;
using System.Text.Json;
using Spendra.Control.Tests.Reconciliation;
using Spendra.Core.Metering;
using Spendra.Storage;
using Spendra.Storage.Exports;

namespace Spendra.Control.Tests.Exports;

/// <summary>What exports hold, and that stopping them makes no difference, on either engine.</summary>
public abstract class ExportContract(DatabaseEngine engine)
{
    // What each dataset must hold, asked for in another way.
    private static readonly Dictionary<ExportDataset, string> Expected = new()
    {
        [ExportDataset.SpendEvents] = """
            SELECT entry_sequence AS entry, reservation_id AS request_id, event_number AS event, reserved_at, occurred_at, key_id, provider, account_id,
                model, served_model, route, environment, cost_nanos AS cost, reserved_nanos AS held, input_units, cached_input_units, cache_write_units,
                output_units, reasoning_units, other_units, is_estimated, is_billed, upstream_request_id, upstream_status, reason
            FROM spend_events ORDER BY entry_sequence
            """,
        [ExportDataset.Journal] = """
            SELECT p.entry_sequence AS entry, p.line, e.booked_at, e.reservation_id AS subject_id, e.event_number AS event,
                e.corrects_sequence AS corrects_entry, p.account_id, p.amount_nanos AS amount,
                CASE p.ledger_account WHEN 1 THEN 'expense' ELSE 'payable' END AS ledger_account
            FROM postings p JOIN journal_entries e ON e.entry_sequence = p.entry_sequence ORDER BY p.entry_sequence, p.line
            """,
        [ExportDataset.Rollups] = """
            SELECT CASE u.span WHEN 0 THEN 'hour' ELSE 'day' END AS span, u.starts_at, u.subject_id, u.series_id, s.provider, s.model, u.requests,
                u.releases, u.cost_nanos AS cost, u.corrected_nanos AS corrected, u.estimated_nanos AS estimated, u.input_units, u.output_units,
                u.measured_held_nanos AS measured_held, u.measured_nanos AS measured
            FROM usage_rollups u JOIN rollup_series s ON s.series_id = u.series_id ORDER BY u.span, u.starts_at, u.subject_id, u.series_id
            """,
        [ExportDataset.UnitRollups] = """
            SELECT CASE u.span WHEN 0 THEN 'hour' ELSE 'day' END AS span, u.starts_at, u.subject_id, u.series_id, s.provider, s.model, s.account_id, u.unit, u.units
            FROM unit_rollups u JOIN rollup_series s ON s.series_id = u.series_id ORDER BY u.span, u.starts_at, u.subject_id, u.series_id, u.unit
            """,
        [ExportDataset.RefusalRollups] = """
            SELECT CASE u.span WHEN 0 THEN 'hour' ELSE 'day' END AS span, u.starts_at, u.subject_id, u.series_id, s.provider, s.model, s.environment, u.code, u.refusals
            FROM refusal_rollups u JOIN rollup_series s ON s.series_id = u.series_id ORDER BY u.span, u.starts_at, u.subject_id, u.series_id, u.code
            """,
        [ExportDataset.LatencyRollups] = """
            SELECT CASE u.span WHEN 0 THEN 'hour' ELSE 'day' END AS span, u.starts_at, u.series_id, s.provider, s.model, u.latency_class, u.requests, u.total_micros
            FROM latency_rollups u JOIN rollup_series s ON s.series_id = u.series_id ORDER BY u.span, u.starts_at, u.series_id, u.latency_class
            """,
        [ExportDataset.Audit] = """
            SELECT sequence, recorded_at, actor, action, subject_kind, subject, before_state AS before, after_state AS after, origin, hash
            FROM audit_records ORDER BY sequence
            """,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_format_holds_the_rows_of_the_books_and_the_manifest_says_so()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        await books.SpendMoreAsync();
        await books.CountAsync();
        foreach (var (dataset, sql) in Expected)
        {
            foreach (var format in Enum.GetValues<ExportFormat>())
            {
                var id = await books.AskAsync(dataset, format);
                // Records of this very request are in the books, too.
                var expected = await books.QueryAsync(sql);
                (await books.WriteAsync(id))!.State.Should().Be(ExportRun.Complete);
                var rows = await ExportFiles.ReadAsync(books.FolderOf(id));
                expected.Count.Should().BeGreaterThan(3);
                rows.Select(r => Shown(r, expected[0].Keys)).Should().Equal(expected.Select(r => Shown(Harmless(r, format), expected[0].Keys)), $"{dataset} as {format}");
                var manifest = ExportFiles.Manifest(books.FolderOf(id)).GetProperty("books");
                manifest.GetProperty("outbox").GetInt64().Should().Be(await books.Api.Store.ScalarAsync<long>("SELECT outbox_sequence FROM organizations"));
                manifest.GetProperty("seal").GetString().Should().Be(Convert.ToHexStringLower(await books.Api.Store.ScalarAsync<byte[]>("SELECT ledger_seal FROM organizations")));
            }
        }
    }

    [Fact]
    public async Task Charges_add_up_to_the_expenses_and_say_what_they_correct()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var expense = await books.Api.Store.ScalarAsync<long>("SELECT CAST(sum(amount_nanos) AS bigint) FROM postings WHERE ledger_account = 1");
        foreach (var format in Enum.GetValues<ExportFormat>())
        {
            var id = await books.AskAsync(ExportDataset.Focus, format);
            await books.WriteAsync(id);
            var rows = await ExportFiles.ReadAsync(books.FolderOf(id));
            rows.Should().HaveCount(8);
            foreach (var cost in new[] { "BilledCost", "EffectiveCost", "ListCost", "ContractedCost" })
                rows.Sum(r => long.Parse(r[cost]!, CultureInfo.InvariantCulture)).Should().Be(expense);
            rows.Select(r => r["ChargeClass"]).Should().Equal([null, null, null, null, null, null, "Correction", null], "only one corrects an earlier month");
            rows.Select(r => r["ChargeCategory"]).Should().Equal([.. Enumerable.Repeat("Usage", 7), "Adjustment"]);
            rows.Select(r => r["BillingPeriodStart"]).Should().Equal([.. Enumerable.Repeat(Text(PastBooks.Month.StartsAt), 6), .. Enumerable.Repeat(Text(PastBooks.Month.Next.StartsAt), 2)]);
            rows.Should().OnlyContain(r => r["BillingCurrency"] == "USD" && r["ServiceCategory"] == "AI and Machine Learning" && r["ProviderName"] == "openai"
                && long.Parse(r["ChargePeriodStart"]!, CultureInfo.InvariantCulture) < long.Parse(r["ChargePeriodEnd"]!, CultureInfo.InvariantCulture));
            var first = rows[0];
            first["ConsumedQuantity"].Should().Be("1107");
            first["PricingUnit"].Should().Be("Tokens");
            first["SubAccountId"].Should().Be("team/search");
            first["SkuPriceId"].Should().Be(books.Past.Price.PriceId.ToString());
            var tags = JsonDocument.Parse(first["Tags"]!).RootElement;
            tags.GetProperty("team").GetString().Should().Be("search");
            tags.GetProperty("project").GetString().Should().Be("ranking");
            tags.GetProperty("key").GetString().Should().Be("ada");
            rows[^1]["ChargeDescription"].Should().Be("Adjustment: Credit note, \"7\"");
        }
    }

    [Theory]
    [InlineData(ExportDataset.SpendEvents)]
    [InlineData(ExportDataset.Journal)]
    [InlineData(ExportDataset.Rollups)]
    [InlineData(ExportDataset.UnitRollups)]
    [InlineData(ExportDataset.RefusalRollups)]
    [InlineData(ExportDataset.LatencyRollups)]
    [InlineData(ExportDataset.Audit)]
    [InlineData(ExportDataset.Focus)]
    public async Task Stopped_behind_any_part_it_goes_on_to_the_same_bytes(ExportDataset dataset)
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        await books.SpendMoreAsync();
        await books.CountAsync();
        // Records of later requests are no part of it.
        var span = dataset == ExportDataset.Audit ? (0L, Micros.Now(TimeProvider.System)) : ExportBooks.Ever;
        foreach (var format in Enum.GetValues<ExportFormat>())
        {
            var whole = await books.AskAsync(dataset, format, span);
            var parts = (await books.WriteAsync(whole))!.PartCount;
            parts.Should().BeGreaterThan(2);
            for (var stop = 1; stop < parts && stop <= 4; stop++)
            {
                var id = await books.AskAsync(dataset, format, span);
                (await books.WriteAsync(id, stop)).Should().BeNull();
                File.Exists(Path.Combine(books.FolderOf(id), "manifest.json")).Should().BeFalse();
                books.PartsOf(id).Should().HaveCount(stop);
                // Of what is booked meanwhile nothing is in it: the same moment of the books as the whole one.
                if (format == ExportFormat.Parquet && stop == parts - 1 && dataset is not (ExportDataset.Rollups or ExportDataset.UnitRollups or ExportDataset.RefusalRollups or ExportDataset.LatencyRollups))
                    await books.Past.SpendAsync(PastBooks.Noon(9), new Usage { Input = 1 });
                (await books.WriteAsync(id))!.PartCount.Should().Be(parts);
                foreach (var (name, bytes) in books.PartsOf(whole)) books.PartsOf(id)[name].Should().Equal(bytes, $"{name}, stopped behind {stop}");
                books.PartsOf(id).Should().HaveCount(parts);
                await ExportFiles.ReadAsync(books.FolderOf(id));
            }
        }
    }

    [Fact]
    public async Task A_part_whose_file_was_lost_or_changed_is_written_again()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var id = await books.AskAsync(ExportDataset.Journal, ExportFormat.Csv);
        await books.WriteAsync(id, 3);
        var before = books.PartsOf(id);
        var second = Path.Combine(books.FolderOf(id), "journal-00002.csv");
        await File.AppendAllTextAsync(second, "x", Cancel);
        File.Delete(Path.Combine(books.FolderOf(id), "journal-00003.csv"));
        await books.WriteAsync(id);
        var after = books.PartsOf(id);
        foreach (var (name, bytes) in before) after[name].Should().Equal(bytes);
        await ExportFiles.ReadAsync(books.FolderOf(id));
    }

    [Fact]
    public async Task An_entry_is_not_torn_apart()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var id = await books.AskAsync(ExportDataset.Journal, ExportFormat.JsonLines);
        await books.WriteAsync(id);
        foreach (var path in Directory.EnumerateFiles(books.FolderOf(id), "*.jsonl"))
        {
            (await ExportFiles.ReadPartAsync(path)).GroupBy(r => r["entry"]).Should().OnlyContain(e => e.Count() == 2);
        }
    }

    [Fact]
    public async Task Sums_that_were_counted_on_meanwhile_are_written_anew()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        await books.CountAsync();
        var id = await books.AskAsync(ExportDataset.Rollups, ExportFormat.JsonLines);
        await books.WriteAsync(id, 2);
        await books.Past.SpendAsync(PastBooks.Noon(3), new Usage { Input = 1_000_000 });
        await books.CountAsync();
        await books.WriteAsync(id);
        var rows = await ExportFiles.ReadAsync(books.FolderOf(id));
        rows[0]["input_units"].Should().Be("1001000");
        var expected = await books.QueryAsync(Expected[ExportDataset.Rollups]);
        rows.Select(r => Shown(r, expected[0].Keys)).Should().Equal(expected.Select(r => Shown(r, expected[0].Keys)));
    }

    [Fact]
    public async Task Classes_of_latency_say_what_they_reach_from_and_to()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendMoreAsync();
        await books.CountAsync();
        var id = await books.AskAsync(ExportDataset.LatencyRollups, ExportFormat.Csv);
        await books.WriteAsync(id);
        var rows = await ExportFiles.ReadAsync(books.FolderOf(id));
        // Of 5, 5.5, 6 and 6.5 milliseconds.
        var quick = rows.Where(r => r["span"] == "hour" && r["latency_class"] == "3").ToList();
        quick.Select(r => r["total_micros"]).Should().Equal("5000", "5500", "6000", "6500");
        quick.Should().OnlyContain(r => r["from_ms"] == "4" && r["to_ms"] == "8" && r["requests"] == "1" && r["provider"] == "openai" && r["model"] == "house-model");
    }

    [Fact]
    public async Task What_is_outside_the_span_is_not_in_it_and_nothing_is_a_part_of_its_own()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var booked = await books.QueryAsync("SELECT entry_sequence AS entry, booked_at FROM journal_entries ORDER BY entry_sequence");
        var (from, to) = (long.Parse(booked[1]["booked_at"]!, CultureInfo.InvariantCulture), long.Parse(booked[4]["booked_at"]!, CultureInfo.InvariantCulture));
        var id = await books.AskAsync(ExportDataset.SpendEvents, ExportFormat.Csv, (from, to));
        await books.WriteAsync(id);
        (await ExportFiles.ReadAsync(books.FolderOf(id))).Select(r => r["entry"]).Should().Equal("2", "3", "4");

        var none = await books.AskAsync(ExportDataset.SpendEvents, ExportFormat.Parquet, (1, 2));
        await books.WriteAsync(none);
        (await ExportFiles.ReadAsync(books.FolderOf(none))).Should().BeEmpty();
        books.PartsOf(none).Should().ContainSingle();
    }

    private static Dictionary<string, string?> Harmless(Dictionary<string, string?> row, ExportFormat format) => format != ExportFormat.Csv ? row
        : row.ToDictionary(c => c.Key, c => c.Value is { Length: > 0 } text && "=@".Contains(text[0]) ? "'" + text : c.Value);

    private static string Shown(Dictionary<string, string?> row, IEnumerable<string> columns) => string.Join(" | ", columns.Select(c => $"{c}: {(row[c] is { Length: > 0 } text ? text : "nothing")}"));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

public sealed class SqliteExportTests() : ExportContract(DatabaseEngine.Sqlite);

public sealed class PostgresExportTests() : ExportContract(DatabaseEngine.Postgres);
