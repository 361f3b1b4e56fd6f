using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Parquet;
using Parquet.Schema;
using Sylvan.Data.Csv;

namespace Spendra.Control.Tests.Exports;

/// <summary>
/// Reads the files of an export with readers that know nothing of how they were written, and says each value as a text: amounts as
/// whole nano-USD under the name without its unit, instants as microseconds since the Unix epoch, nothing as null.
/// </summary>
internal static class ExportFiles
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The rows of all parts that the manifest names, after comparing each with its hash, length and count.</summary>
    public static async Task<List<Dictionary<string, string?>>> ReadAsync(string folder)
    {
        var manifest = Manifest(folder);
        var types = manifest.GetProperty("columns").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => c.GetProperty("type").GetString()!);
        var rows = new List<Dictionary<string, string?>>();
        foreach (var part in manifest.GetProperty("parts").EnumerateArray())
        {
            var path = Path.Combine(folder, part.GetProperty("file").GetString()!);
            var bytes = await File.ReadAllBytesAsync(path, Cancel);
            Convert.ToHexStringLower(SHA256.HashData(bytes)).Should().Be(part.GetProperty("sha256").GetString());
            bytes.LongLength.Should().Be(part.GetProperty("bytes").GetInt64());
            var read = await ReadPartAsync(path);
            read.Count.Should().Be((int)part.GetProperty("rows").GetInt64());
            rows.AddRange(read.Select(r => r.ToDictionary(c => NameOf(c.Key), c => Canonical(types[c.Key], c.Value))));
        }
        rows.Count.Should().Be((int)manifest.GetProperty("rows").GetInt64());
        return rows;
    }

    public static JsonElement Manifest(string folder) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json"))).RootElement;

    public static async Task<List<Dictionary<string, string?>>> ReadPartAsync(string path) => Path.GetExtension(path) switch
    {
        ".csv" => ReadCsv(path),
        ".jsonl" => ReadJson(path),
        _ => await ReadParquetAsync(path),
    };

    private static List<Dictionary<string, string?>> ReadCsv(string path)
    {
        using var csv = CsvDataReader.Create(path, new CsvDataReaderOptions { BufferSize = 1 << 20 });
        var rows = new List<Dictionary<string, string?>>();
        while (csv.Read())
            rows.Add(Enumerable.Range(0, csv.FieldCount).ToDictionary(csv.GetName, i => csv.GetString(i) is { Length: > 0 } text ? text : null));
        return rows;
    }

    private static List<Dictionary<string, string?>> ReadJson(string path) =>
    [
        .. File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.EnumerateObject()
            .ToDictionary(p => p.Name, p => p.Value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => p.Value.GetString(),
                _ => p.Value.GetRawText(),
            })),
    ];

    private static async Task<List<Dictionary<string, string?>>> ReadParquetAsync(string path)
    {
        await using var reader = await ParquetReader.CreateAsync(path, cancellationToken: Cancel);
        var rows = new List<Dictionary<string, string?>>();
        for (var g = 0; g < reader.RowGroupCount; g++)
        {
            using var group = reader.OpenRowGroupReader(g);
            var first = rows.Count;
            for (var i = 0; i < group.RowCount; i++) rows.Add([]);
            foreach (var field in reader.Schema.DataFields)
            {
                var texts = await ReadColumnAsync(group, field);
                for (var i = 0; i < texts.Length; i++) rows[first + i][field.Name] = texts[i];
            }
        }
        return rows;
    }

    private static async Task<string?[]> ReadColumnAsync(ParquetRowGroupReader group, DataField field)
    {
        if (field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>))
        {
            var texts = new string?[group.RowCount];
            await group.ReadAsync(field, texts!, cancellationToken: Cancel);
            return texts;
        }
        if (field.ClrType == typeof(long)) return await ValuesAsync<long>(n => n.ToString(CultureInfo.InvariantCulture));
        if (field.ClrType == typeof(decimal)) return await ValuesAsync<decimal>(n => n.ToString("0.#########", CultureInfo.InvariantCulture));
        if (field.ClrType == typeof(bool)) return await ValuesAsync<bool>(b => b ? "true" : "false");
        return await ValuesAsync<DateTime>(t => t.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));

        async Task<string?[]> ValuesAsync<T>(Func<T, string> text) where T : struct
        {
            var values = new T?[group.RowCount];
            await group.ReadAsync<T>(field, values, cancellationToken: Cancel);
            return [.. values.Select(v => v is { } value ? text(value) : null)];
        }
    }

    private static string NameOf(string name) => name.EndsWith("_nanos", StringComparison.Ordinal) ? name[..^6] : name.EndsWith("_usd", StringComparison.Ordinal) ? name[..^4] : name;

    private static string? Canonical(string type, string? text)
    {
        if (text is null) return null;
        if (type == "usd") return Nanos(text).ToString(CultureInfo.InvariantCulture);
        return type == "instant" ? ((DateTimeOffset.Parse(text, CultureInfo.InvariantCulture) - DateTimeOffset.UnixEpoch).Ticks / 10).ToString(CultureInfo.InvariantCulture) : text;
    }

    private static long Nanos(string usd) => decimal.ToInt64(decimal.Parse(usd, CultureInfo.InvariantCulture) * 1_000_000_000m);
}
