using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Spendra.Control.Shell;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>What is to be imported.</summary>
/// <param name="AccountId">Whose bill it is.</param>
/// <param name="Format">One of <see cref="BillFormats.All"/>.</param>
/// <param name="Content">The file, or pages of an interface one after the other.</param>
public sealed record BillContent(Guid AccountId, string Format, string Content)
{
    public BillMapping Mapping { get; init; } = new();

    /// <summary>The first day that it is the bill of; null: the first one that it names.</summary>
    public DateOnly? From { get; init; }

    /// <summary>The last day; null: the last one that it names.</summary>
    public DateOnly? To { get; init; }
}

/// <summary>A bill that was read.</summary>
/// <param name="Lines">In order of day.</param>
/// <param name="Skipped">Lines about something else.</param>
/// <param name="FirstDay">The first day that it is the bill of.</param>
/// <param name="EndDay">The day after the last one.</param>
/// <param name="Amount">The sum.</param>
/// <param name="Digest">SHA-256 of everything that decides what was read.</param>
public sealed record ReadBill(IReadOnlyList<BilledLine> Lines, int Skipped, long FirstDay, long EndDay, NanoUsd Amount, byte[] Digest);

/// <summary>Reads bills of every format: all of it, or the first line that is wrong.</summary>
public static class BillParser
{
    private const int MostDays = 400;
    private const int MostDepth = 16;

    /// <summary>The bill, or in one sentence why it is none: exactly one of the two.</summary>
    public static (ReadBill? Bill, string? Fault) Read(BillContent content)
    {
        var bill = new BillLines(content.AccountId, content.Mapping);
        try
        {
            ReadLines(content, bill);
            return (Complete(content, bill), null);
        }
        catch (BillException e)
        {
            return (null, e.Message);
        }
        catch (OverflowException)
        {
            return (null, "its amounts add up to more than can be held");
        }
    }

    private static void ReadLines(BillContent content, BillLines bill)
    {
        switch (content.Format)
        {
            case BillFormats.OpenAiCosts:
                JsonBills.ReadOpenAi(Documents(content.Content), bill);
                break;
            case BillFormats.AnthropicCosts:
                JsonBills.ReadAnthropic(Documents(content.Content), bill);
                break;
            case BillFormats.OpenRouterActivity:
                JsonBills.ReadOpenRouterActivity(Documents(content.Content), bill);
                break;
            case BillFormats.OpenRouterGenerations:
                JsonBills.ReadOpenRouterGenerations(Documents(content.Content), bill);
                break;
            case BillFormats.GoogleJsonLines:
                TableBills.ReadJsonLines(Documents(content.Content), TableShape.Google.With(content.Mapping), bill);
                break;
            case BillFormats.AzureCsv:
                TableBills.ReadCsv(content.Content, TableShape.Azure.With(content.Mapping), bill);
                break;
            case BillFormats.GoogleCsv:
                TableBills.ReadCsv(content.Content, TableShape.Google.With(content.Mapping), bill);
                break;
            case BillFormats.FocusCsv:
                TableBills.ReadCsv(content.Content, TableShape.Focus.With(content.Mapping), bill);
                break;
            case BillFormats.Csv:
                TableBills.ReadCsv(content.Content, TableShape.Of(content.Mapping), bill);
                break;
            default:
                throw new BillException($"its format is none of {string.Join(", ", BillFormats.All)}");
        }
    }

    private static ReadBill Complete(BillContent content, BillLines bill)
    {
        if (bill.Lines.Count == 0 && (content.From is null || content.To is null))
            throw new BillException("there is nothing in it that was billed: name its first and last day if that is so");
        var first = content.From is { } from ? BilledDay.OfDate(from) : bill.Lines.Min(l => l.Day);
        var end = content.To is { } to ? BilledDay.OfDate(to) + 1 : bill.Lines.Max(l => l.Day) + 1;
        if (end <= first) throw new BillException("its last day is before its first");
        if (end - first > MostDays) throw new BillException($"it is the bill of more than {MostDays} days: import it in parts");
        if (bill.Lines.FirstOrDefault(l => l.Day < first || l.Day >= end) is { } beside)
            throw BillException.At(beside.SourceLine, $"its day {BilledDay.ToDate(beside.Day):yyyy-MM-dd} is not among those that the bill is of");
        var amount = bill.Lines.Aggregate(NanoUsd.Zero, (sum, line) => sum + line.Amount);
        return new ReadBill([.. bill.Lines.OrderBy(l => l.Day).ThenBy(l => l.SourceLine)], bill.Skipped, first, end, amount, DigestOf(content, first, end));
    }

    private static byte[] DigestOf(BillContent content, long first, long end)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(JsonSerializer.SerializeToUtf8Bytes(content.Mapping, ControlJson.Options));
        digest.AppendData(Encoding.UTF8.GetBytes($"\n{content.Format}\n{first}\n{end}\n"));
        digest.AppendData(Encoding.UTF8.GetBytes(content.Content));
        return digest.GetHashAndReset();
    }

    /// <summary>JSON documents one after the other, with or without line breaks.</summary>
    private static List<JsonElement> Documents(string text)
    {
        var documents = new List<JsonElement>();
        var options = new JsonReaderOptions { MaxDepth = MostDepth, AllowMultipleValues = true };
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text.TrimStart('\uFEFF')), options);
        try
        {
            while (reader.Read())
            {
                if (documents.Count >= BillLines.MostLines) throw new BillException($"a bill may have {BillLines.MostLines} lines: import it in parts");
                using var document = JsonDocument.ParseValue(ref reader);
                documents.Add(document.RootElement.Clone());
            }
        }
        catch (JsonException e)
        {
            throw BillException.At((int)Math.Min(int.MaxValue, (e.LineNumber ?? 0) + 1), $"it is not JSON at column {(e.BytePositionInLine ?? 0) + 1}");
        }
        return documents.Count > 0 ? documents : throw new BillException("the document is empty");
    }
}
