using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Pricing;

/// <summary>
/// The list prices that a new organization starts with: <c>catalog-openai.csv</c>, in USD per million tokens.
/// Only models whose whole cost is in their token usage are listed. An empty long-context threshold means that
/// there is none; tiers are in per cent of the rates.
/// </summary>
public static class PriceCatalog
{
    private const string Resource = "catalog-openai.csv";
    private const string Provider = "openai";

    private static readonly Lazy<ImmutableArray<PriceVersion>> Entries = new(Read);

    /// <summary>Every listed price, without an id or a time of recording.</summary>
    public static ImmutableArray<PriceVersion> All => Entries.Value;

    public static PriceVersion? Find(string provider, string model) =>
        All.FirstOrDefault(p => p.Provider == provider && p.Model == model);

    /// <summary>The catalog as rows of a new organization's price book, in force since ever.</summary>
    /// <param name="recordedAt">Microseconds since the Unix epoch.</param>
    public static IEnumerable<PriceVersion> Seed(long recordedAt) =>
        All.Select(p => p with { PriceId = Guid.CreateVersion7(), RecordedAt = recordedAt });

    private static ImmutableArray<PriceVersion> Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        reader.ReadLine();
        var prices = ImmutableArray.CreateBuilder<PriceVersion>();
        while (reader.ReadLine() is { Length: > 0 } line) prices.Add(Parse(line));
        return prices.ToImmutable();
    }

    private static PriceVersion Parse(string line)
    {
        var columns = line.Split(',');
        if (columns.Length != 14) throw new InvalidDataException($"{Resource}: 14 columns expected: {line}");
        return new PriceVersion
        {
            PriceId = Guid.Empty,
            Provider = Provider,
            Model = columns[0],
            Rates = Card(columns.AsSpan(1, 4), line),
            LongContext = columns[5].Length == 0
                ? null
                : new ContextBand(Whole(columns[5])!.Value, Card(columns.AsSpan(6, 4), line)),
            TierPercents = columns[10].Split(';', StringSplitOptions.RemoveEmptyEntries)
                .Select(t => t.Split('='))
                .ToImmutableSortedDictionary(t => t[0], t => int.Parse(t[1], CultureInfo.InvariantCulture), StringComparer.Ordinal),
            ContextWindow = Whole(columns[11]),
            MaxOutput = Whole(columns[12]),
            EffectiveFrom = 0,
            RecordedAt = 0,
            Source = columns[13],
        };
    }

    private static RateCard Card(ReadOnlySpan<string> columns, string line) =>
        new(Rate(columns[0], line), Rate(columns[1], line), Rate(columns[2], line), Rate(columns[3], line));

    private static Rate Rate(string text, string line) => Core.Money.Rate.TryParseUsdPerMillion(text, out var rate)
        ? rate
        : throw new InvalidDataException($"{Resource}: '{text}' is not a rate: {line}");

    private static long? Whole(string text) =>
        text.Length == 0 ? null : long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
