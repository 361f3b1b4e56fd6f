using System.Buffers;
using System.Text;
using System.Text.Json;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Ledger;

/// <summary>
/// The columns <c>other_units</c>, <c>other_rates</c> and <c>bound_others</c>: JSON objects whose members are named after
/// unit classes. An unknown name means that a newer program wrote the row, and is refused: units must not be overlooked.
/// </summary>
internal static class UnitsJson
{
    // The members of bound_others that are not counts.
    private const string KindsMember = "kinds";
    private const string TierMember = "tier_percent";

    // The member of other_units that is not one.
    private const string ExactTierMember = "tier_hundredths";

    private const string BasisMember = "basis";

    private static readonly (TokenKinds Kind, string Name)[] Kinds =
    [
        (TokenKinds.LongCache, "long_cache"),
        (TokenKinds.AudioInput, "audio_input"),
        (TokenKinds.ImageInput, "image_input"),
        (TokenKinds.AudioOutput, "audio_output"),
        (TokenKinds.ImageOutput, "image_output"),
        (TokenKinds.ManyCalls, "many_calls"),
    ];

    /// <summary>The other units of a settlement, and its multiplier when that is not a whole per cent. Null when there is nothing to write.</summary>
    public static string? WriteSettled(Settlement settlement)
    {
        var (counts, tier) = (settlement.Usage.Others, settlement.TierHundredths);
        if (counts.IsEmpty && tier is null) return null;
        return Write(json =>
        {
            if (tier is { } hundredths) json.WriteNumber(ExactTierMember, hundredths);
            WriteMembers(json, counts);
        });
    }

    /// <summary>What <see cref="WriteSettled"/> wrote.</summary>
    public static (UnitMap<long> Others, int? TierHundredths) ReadSettled(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return default;
        var read = Read(text);
        return (read.Pieces, read.TierHundredths);
    }

    public static int? ReadTier(string? text) => text is null ? null : Read(Encoding.UTF8.GetBytes(text)).TierHundredths;

    public static UnitMap<long> ReadCounts(string? text) => text is null ? default : ReadCounts(Encoding.UTF8.GetBytes(text));

    public static UnitMap<long> ReadCounts(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return default;
        return Read(text).Pieces;
    }

    public static string WriteRates(UnitMap<Rate> rates) => Write(json =>
    {
        foreach (var (unit, rate) in rates) json.WriteNumber(UnitClasses.NameOf(unit), rate.NanosPerMillion);
    });

    public static UnitMap<Rate> ReadRates(string text)
    {
        var counts = Read(Encoding.UTF8.GetBytes(text)).Pieces;
        var rates = default(UnitMap<Rate>);
        foreach (var (unit, nanos) in counts) rates = rates.With(unit, new Rate(nanos));
        return rates;
    }

    /// <summary>Null when a bound covers text tokens at the listed rates only, and is found by bytes.</summary>
    public static string? WriteBound(Reservation reservation)
    {
        var (kinds, pieces, tier) = (reservation.BoundKinds, reservation.BoundPieces, reservation.TierPercent);
        var basis = reservation.BoundBasis;
        if (kinds == TokenKinds.Text && pieces.IsEmpty && tier == Cost.DefaultTierPercent && basis == BoundBasis.Bytes) return null;
        return Write(json =>
        {
            if (tier != Cost.DefaultTierPercent) json.WriteNumber(TierMember, tier);
            if (basis != BoundBasis.Bytes) json.WriteString(BasisMember, BoundBases.NameOf(basis));
            if (kinds != TokenKinds.Text)
            {
                json.WriteStartArray(KindsMember);
                foreach (var (kind, name) in Kinds)
                {
                    if (kinds.HasFlag(kind)) json.WriteStringValue(name);
                }
                json.WriteEndArray();
            }
            WriteMembers(json, pieces);
        });
    }

    public static BoundOthers ReadBound(string? text) => text is null ? default : ReadBound(Encoding.UTF8.GetBytes(text));

    public static BoundOthers ReadBound(ReadOnlySpan<byte> text) => text.IsEmpty ? default : Read(text);

    private static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteMembers(Utf8JsonWriter json, UnitMap<long> counts)
    {
        foreach (var (unit, count) in counts) json.WriteNumber(UnitClasses.NameOf(unit), count);
    }

    private static BoundOthers Read(ReadOnlySpan<byte> text)
    {
        var read = new BoundOthers();
        var json = new Utf8JsonReader(text);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            if (name == KindsMember)
            {
                while (json.Read() && json.TokenType == JsonTokenType.String) read = read with { Kinds = read.Kinds | KindOf(json.GetString()!) };
                continue;
            }
            if (name == TierMember)
            {
                read = read with { TierPercent = json.GetInt32() };
                continue;
            }
            if (name == ExactTierMember)
            {
                read = read with { TierHundredths = json.GetInt32() };
                continue;
            }
            if (name == BasisMember)
            {
                var basis = json.GetString()!;
                read = read with { Basis = BoundBases.Find(basis) ?? throw Unknown(basis) };
                continue;
            }
            var unit = UnitClasses.Find(name) ?? throw Unknown(name);
            read = read with { Pieces = read.Pieces.With(unit, json.GetInt64()) };
        }
        return read;
    }

    private static TokenKinds KindOf(string name)
    {
        foreach (var (kind, known) in Kinds)
        {
            if (known == name) return kind;
        }
        throw Unknown(name);
    }

    private static InvalidDataException Unknown(string name) => new($"'{name}' is no unit that this version knows: a newer one wrote the row");
}

/// <summary>What a bound says beside input, output and amount.</summary>
/// <param name="Kinds">What its tokens may be besides text.</param>
/// <param name="Pieces">The most units of each class that is priced by the piece.</param>
/// <param name="TierPercent">The multiplier it was reckoned with; null when that was 100.</param>
/// <param name="Basis">What the input was found by.</param>
internal readonly record struct BoundOthers(TokenKinds Kinds, UnitMap<long> Pieces, int? TierPercent, BoundBasis Basis)
{
    /// <summary>Of a settlement: its multiplier, when that is not a whole per cent.</summary>
    public int? TierHundredths { get; init; }
}
