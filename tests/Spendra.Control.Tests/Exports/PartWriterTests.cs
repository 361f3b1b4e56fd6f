using Parquet;
using Spendra.Control.Exports;
using Spendra.Core.Money;
using Spendra.Testing;

namespace Spendra.Control.Tests.Exports;

/// <summary>Files of every format, read back by readers of others.</summary>
public sealed class PartWriterTests
{
    private static readonly ExportColumn[] Columns =
    [
        new("text", CellKind.Text), new("number", CellKind.Number), new("cost", CellKind.Money), new("BilledCost", CellKind.Amount),
        new("Quantity", CellKind.Quantity), new("at", CellKind.Instant), new("Start", CellKind.Second), new("is_so", CellKind.Flag),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Formats => ["csv", "jsonl", "parquet"];

    public static TheoryData<string> Hostile =>
    [
        "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a\"b", "a,b", "a\nb", "a\r\nb", "\"", "\"\"", "'", " ", "\u00e4\u4e2d\ud83d\ude00", "\u202e", "<script>", "\\",
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Hostile_texts_are_one_cell_each_and_no_formula(string text)
    {
        (await WrittenAsync("jsonl", [text, 1])).Single()["text"].Should().Be(text);
        (await WrittenAsync("parquet", [text, 1])).Single()["text"].Should().Be(text);
        var csv = (await WrittenAsync("csv", [text, 1])).Single();
        csv["text"].Should().Be("=+-@\t\r".Contains(text[0]) ? "'" + text : text);
        csv["number"].Should().Be("1");
    }

    [Fact]
    public async Task What_would_end_a_text_for_some_readers_does_not()
    {
        (await WrittenAsync("csv", ["a\0b", 1])).Single()["text"].Should().Be("a\ufffdb");
        (await WrittenAsync("jsonl", ["a\0b", 1])).Single()["text"].Should().Be("a\0b");
        (await WrittenAsync("parquet", ["a\0b", 1])).Single()["text"].Should().Be("a\0b");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task The_largest_and_smallest_numbers_are_exact(string format)
    {
        foreach (var number in new[] { long.MinValue, -1, 0, 1, 1_000_000_001, long.MaxValue })
        {
            var row = (await WrittenAsync(format, ["x", number, number, number, number])).Single();
            var usd = new NanoUsd(number).ToString();
            row["number"].Should().Be(Digits(number));
            row[format == "parquet" ? "cost_nanos" : "cost_usd"].Should().Be(format == "parquet" ? Digits(number) : usd);
            row["BilledCost"].Should().Be(usd);
            row["Quantity"].Should().Be(Digits(number));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Instants_have_microseconds_and_nothing_is_nothing(string format)
    {
        var row = (await WrittenAsync(format, [(string?)null, default, default, default, default, 1_767_225_599_999_999, 1_767_225_599_000_000, true])).Single();
        row["at"].Should().Be("2025-12-31T23:59:59.999999Z");
        row["Start"].Should().Be(format == "parquet" ? "2025-12-31T23:59:59.000000Z" : "2025-12-31T23:59:59Z");
        row["is_so"].Should().Be("true");
        row["text"].Should().BeNull();
        row["number"].Should().BeNull();
        row["BilledCost"].Should().BeNull();
        (await WrittenAsync(format, ["x", 1])).Single()["is_so"].Should().BeNull();
    }

    [Fact]
    public async Task A_file_of_Parquet_has_row_groups_of_bounded_size()
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "x.parquet");
        await WriteAsync(path, Enumerable.Range(0, 45_000).Select(i => (ExportCell[])[$"row {i}", i]));
        await using var reader = await ParquetReader.CreateAsync(path, cancellationToken: Cancel);
        reader.RowGroupCount.Should().Be(5);
        var rows = await ExportFiles.ReadPartAsync(path);
        rows.Select(r => r["number"]).Should().Equal(Enumerable.Range(0, 45_000).Select(i => Digits(i)));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_part_without_rows_has_its_columns(string format)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "x." + format);
        await WriteAsync(path, []);
        (await ExportFiles.ReadPartAsync(path)).Should().BeEmpty();
        if (format == "csv") (await File.ReadAllTextAsync(path, Cancel)).Should().Be("text,number,cost_usd,BilledCost,Quantity,at,Start,is_so\r\n");
    }

    private static async Task<List<Dictionary<string, string?>>> WrittenAsync(string format, ExportCell[] row)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "x." + format);
        await WriteAsync(path, [row]);
        return await ExportFiles.ReadPartAsync(path);
    }

    private static async Task WriteAsync(string path, IEnumerable<ExportCell[]> rows)
    {
        await using var file = File.Create(path);
        await using IPartWriter part = Path.GetExtension(path) switch
        {
            ".csv" => new CsvPart(Columns, file),
            ".jsonl" => new JsonLinesPart(Columns, file),
            _ => new ParquetPart(Columns, file),
        };
        foreach (var row in rows)
            await part.AddAsync((ExportCell[])[.. row, .. new ExportCell[Columns.Length - row.Length]], Cancel);
        await part.EndAsync(Cancel);
    }

    private static string Digits(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
