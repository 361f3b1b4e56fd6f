using System.Collections.Immutable;
using System.Globalization;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Pricing;

/// <summary>One line of a file of prices; complains about each cell that is wrong.</summary>
internal sealed class PriceLine(int number, IReadOnlyList<string>? cells, ImmutableArray<string>.Builder errors, bool allowsNegotiated)
{
    private const int LongestText = 200;
    private const int LongestQuote = 60;
    private const long MostTokens = 1_000_000_000;

    private int _at;

    /// <summary>The price under its model's id and under each alias; nothing when the line has an error.</summary>
    public IEnumerable<OfferedPrice> Read()
    {
        var before = errors.Count;
        if (cells?.Count != PriceFile.Columns.Length)
        {
            Complain($"expected {PriceFile.Columns.Length} cells");
            return [];
        }
        var (provider, model) = (Text(isRequired: true), Text(isRequired: true));
        var aliases = Text(isRequired: false).Split(';', StringSplitOptions.RemoveEmptyEntries);
        var (begins, ends) = (Instant(), Instant());
        var rates = Card();
        var band = Band(rates);
        var tiers = Tiers();
        var (window, output) = (Whole(), Whole());
        var (source, asOf) = (Text(isRequired: true), Text(isRequired: false));
        if (source == PriceVersion.NegotiatedSource && !allowsNegotiated)
            Complain($"source is '{source}', which only an approved agreement says of its prices: expected where the price is from");
        if (source == PriceVersion.DeclaredSource)
            Complain($"source is '{source}', which only a declaration says of its prices: expected where the price is from");
        if (ends <= (begins ?? 0)) Complain("effective_to is not after effective_from");
        if (errors.Count > before) return [];
        return from id in aliases.Prepend(model)
               select new OfferedPrice(new PriceVersion
               {
                   PriceId = Guid.Empty,
                   Provider = provider,
                   Model = id,
                   Rates = rates,
                   LongContext = band,
                   TierPercents = tiers,
                   ContextWindow = window,
                   MaxOutput = output,
                   EffectiveFrom = begins ?? 0,
                   EffectiveTo = ends,
                   RecordedAt = 0,
                   Source = asOf.Length == 0 ? source : $"{source}, {asOf}",
               }, IsDated: begins is not null);
    }

    private RateCard Card() => new(Rate(), Rate(), Rate(), Rate()) { Others = Others() };

    private ContextBand? Band(RateCard rates)
    {
        if (Whole() is not { } above)
        {
            for (var i = 0; i < 5; i++)
            {
                if (cells![_at].Length > 0) Complain($"{Column} without long_context_above");
                _at++;
            }
            return null;
        }
        var card = Card();
        // Fees by the piece do not depend on the context: those of the first card hold, unless the band has its own.
        foreach (var (unit, rate) in rates.Others)
        {
            if (!unit.IsToken() && card.Others.Find(unit) is null) card = card with { Others = card.Others.With(unit, rate) };
        }
        return new ContextBand(above, card);
    }

    private UnitMap<Rate> Others()
    {
        var others = default(UnitMap<Rate>);
        foreach (var (name, value) in Pairs())
        {
            if (UnitClasses.Find(name) is not ({ } unit and not UnitClass.ToolCharges)) Complain($"'{Short(name)}' is no unit class: expected one of {string.Join(", ", UnitClasses.Rated.Select(o => o.Name))}");
            else if (!Core.Money.Rate.TryParseUsdPerMillion(value, out var rate)) Complain($"{name} is '{Short(value)}': expected USD per million units");
            else others = others.With(unit, rate);
        }
        return others;
    }

    private ImmutableSortedDictionary<string, int> Tiers()
    {
        var tiers = PriceVersion.NoTiers.ToBuilder();
        foreach (var (name, value) in Pairs())
        {
            if (!SlugRule.Matches(name)) Complain($"'{Short(name)}' is not a tier's name");
            else if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) || percent is 0 or > PriceVersion.MaxTierPercent)
                Complain($"tier {name} is '{Short(value)}': expected a whole number of per cent from 1 to {PriceVersion.MaxTierPercent}");
            else tiers[name] = percent;
        }
        return tiers.ToImmutable();
    }

    /// <summary>The <c>name=value</c> pairs of the next cell; each name once.</summary>
    private List<(string Name, string Value)> Pairs()
    {
        var pairs = new List<(string Name, string Value)>();
        foreach (var pair in cells![_at].Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = pair.IndexOf('=');
            if (equals <= 0) Complain($"{Column} holds '{Short(pair)}': expected name=value");
            else if (pairs.Any(p => p.Name == pair[..equals])) Complain($"{Column} has '{Short(pair[..equals])}' twice");
            else pairs.Add((pair[..equals], pair[(equals + 1)..]));
        }
        _at++;
        return pairs;
    }

    private Rate Rate()
    {
        if (!Core.Money.Rate.TryParseUsdPerMillion(cells![_at], out var rate))
            Complain($"{Column} is '{Short(cells[_at])}': expected USD per million units such as 2.5, not negative, with at most nine decimals");
        _at++;
        return rate;
    }

    private long? Whole()
    {
        var text = cells![_at];
        long? whole = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= MostTokens ? number : null;
        if (whole is null && text.Length > 0) Complain($"{Column} is '{Short(text)}': expected a whole number of tokens, or nothing");
        _at++;
        return whole;
    }

    /// <summary>A day means its first moment in UTC.</summary>
    private long? Instant()
    {
        var text = cells![_at];
        long? instant = InstantText.TryParse(text.Length == "yyyy-MM-dd".Length ? $"{text}T00:00:00Z" : text, out var micros) ? micros : null;
        if (instant is null && text.Length > 0) Complain($"{Column} is '{Short(text)}': expected a day such as 2026-12-01, or a time with an offset, or nothing");
        _at++;
        return instant;
    }

    private string Text(bool isRequired)
    {
        var text = cells![_at];
        if (text.Length > 0 ? !PlainText.Matches(text, LongestText) : isRequired)
            Complain($"{Column} is not plain text of 1 to {LongestText} characters");
        _at++;
        return text;
    }

    // What is quoted came from anywhere: it is cut, and a control character does not reach a terminal or a log.
    private static string Short(string text) =>
        string.Concat(text.Take(LongestQuote).Select(c => char.IsControl(c) ? '\u00b7' : c)) + (text.Length > LongestQuote ? "…" : "");

    private string Column => PriceFile.Columns[_at];

    private void Complain(string message) => errors.Add($"line {number}: {message}");
}
