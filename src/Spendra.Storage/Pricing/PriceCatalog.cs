using System.Collections.Immutable;
using System.Reflection;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Pricing;

/// <summary>
/// The list prices that a new organization starts with: <c>catalog.csv</c>. Only what the unit classes price exactly is
/// listed; docs/prices.md says what is not, and why.
/// </summary>
public static class PriceCatalog
{
    private const string Resource = "catalog.csv";

    private static readonly Lazy<ImmutableArray<PriceVersion>> Entries = new(Read);
    private static readonly Lazy<PriceBook> Versions = new(() => new PriceBook(Entries.Value));

    /// <summary>Every listed price, without an id or a time of recording.</summary>
    public static ImmutableArray<PriceVersion> All => Entries.Value;

    /// <summary>The price that is listed for an instant, in microseconds since the Unix epoch.</summary>
    public static PriceVersion? Find(string provider, string model, long atMicros) => Versions.Value.Find(provider, model, atMicros);

    /// <summary>A model's listed prices by when they begin.</summary>
    public static IEnumerable<PriceVersion> VersionsOf(string provider, string model) => Versions.Value.VersionsOf(provider, model);

    /// <summary>The catalog as rows of a new organization's price book.</summary>
    /// <param name="recordedAt">Microseconds since the Unix epoch.</param>
    public static IEnumerable<PriceVersion> Seed(long recordedAt) =>
        All.Select(p => p with { PriceId = Guid.CreateVersion7(), RecordedAt = recordedAt });

    /// <summary>The file as it is checked in.</summary>
    public static string ReadText()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static ImmutableArray<PriceVersion> Read()
    {
        var file = PriceFile.Read(ReadText());
        return file.Errors.IsEmpty
            ? [.. file.Prices.Select(p => p.Price)]
            : throw new InvalidDataException($"{Resource}: {file.Errors[0]}");
    }
}
