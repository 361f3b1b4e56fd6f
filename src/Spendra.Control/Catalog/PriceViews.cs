using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

/// <summary>A version of a price as callers see it. Rates are USD per million units.</summary>
internal sealed record PriceView(
    Guid PriceId, string Provider, string Model, RatesView Rates, long? LongContextAboveTokens, RatesView? LongContextRates,
    IReadOnlyDictionary<string, int> TierPercents, long? ContextWindow, long? MaxOutput, DateTime? EffectiveFrom, DateTime? EffectiveTo,
    DateTime RecordedAt, string Source)
{
    public static PriceView Of(PriceVersion price) => new(
        price.PriceId, price.Provider, price.Model, RatesView.Of(price.Rates), price.LongContext?.AboveInputUnits,
        price.LongContext is { } band ? RatesView.Of(band.Rates) : null, price.TierPercents, price.ContextWindow, price.MaxOutput,
        price.EffectiveFrom == 0 ? null : Utc(price.EffectiveFrom), price.EffectiveTo is { } end ? Utc(end) : null, Utc(price.RecordedAt), price.Source);

    private static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;
}

/// <param name="InputUsd">Per million input tokens.</param>
/// <param name="CachedInputUsd">Per million tokens that are read from a cache.</param>
/// <param name="CacheWriteUsd">Per million tokens that are written to a cache.</param>
/// <param name="OutputUsd">Per million output tokens.</param>
/// <param name="UnitUsd">Per million units of other classes, by the class's name.</param>
internal sealed record RatesView(NanoUsd InputUsd, NanoUsd CachedInputUsd, NanoUsd CacheWriteUsd, NanoUsd OutputUsd, IReadOnlyDictionary<string, NanoUsd> UnitUsd)
{
    public static RatesView Of(RateCard card) => new(Usd(card.Input), Usd(card.CachedInput), Usd(card.CacheWrite), Usd(card.Output),
        card.Others.ToDictionary(o => UnitClasses.NameOf(o.Class), o => Usd(o.Value)));

    private static NanoUsd Usd(Rate rate) => new(rate.NanosPerMillion);
}

/// <summary>A proposal of prices.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Source">A list, a file, or <c>negotiated</c>.</param>
/// <param name="State"><c>open</c>, <c>approved</c>, <c>rejected</c> or <c>superseded</c>.</param>
/// <param name="ProposedAt">When.</param>
/// <param name="ProposedBy">Who; null for what the program found.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="DecidedBy">Who; never who proposed it.</param>
/// <param name="Differences">What differed from the book when it was proposed.</param>
internal sealed record ProposalView(
    Guid Id, string Source, string State, DateTime ProposedAt, string? ProposedBy, DateTime? DecidedAt, string? DecidedBy,
    IReadOnlyList<PriceDifference> Differences)
{
    public static ProposalView Of(PriceProposal row) => new(
        row.ProposalId, row.Source, row.Decision?.ToString().ToLowerInvariant() ?? "open", Micros.ToInstant(row.CreatedAt).UtcDateTime, row.ProposedBy,
        row.DecidedAt is { } at ? Micros.ToInstant(at).UtcDateTime : null, row.DecidedBy, ProposalDesk.DifferencesOf(row));

    public static long VersionOf(PriceProposal row) => row.Decision is null ? 1 : 2;
}

/// <summary>Prices to propose: a file, a list of agreed prices, or a discount. One of the three.</summary>
public sealed record NewProposal
{
    /// <summary>A file in the columns of the built-in catalog.</summary>
    [MinLength(1), MaxLength(1_000_000)]
    public string? Csv { get; init; }

    /// <summary>Prices that were agreed on.</summary>
    [MinLength(1), MaxLength(1_000)]
    [NoNulls]
    public IReadOnlyList<NewPrice>? Prices { get; init; }

    /// <summary>A discount that was agreed on.</summary>
    public NewDiscount? Discount { get; init; }
}

/// <summary>A price that was agreed on. Rates are USD per million units.</summary>
public sealed record NewPrice
{
    [Plain]
    public required string Provider { get; init; }

    /// <summary>The exact id.</summary>
    [Plain]
    public required string Model { get; init; }

    public required NanoUsd InputUsd { get; init; }

    /// <summary>As input when absent.</summary>
    public NanoUsd? CachedInputUsd { get; init; }

    /// <summary>As input when absent.</summary>
    public NanoUsd? CacheWriteUsd { get; init; }

    public required NanoUsd OutputUsd { get; init; }

    /// <summary>Rates of other classes by their names, such as <c>audio_input</c>.</summary>
    public IReadOnlyDictionary<string, NanoUsd>? UnitUsd { get; init; }

    [Range(1, 1_000_000_000)]
    public long? ContextWindow { get; init; }

    [Range(1, 1_000_000_000)]
    public long? MaxOutput { get; init; }

    /// <summary>When it begins; the moment of the approval when absent.</summary>
    public DateTimeOffset? EffectiveFrom { get; init; }
}

/// <summary>A discount on the listed prices of a provider, from the moment of the approval until something else is approved.</summary>
public sealed record NewDiscount
{
    [Plain]
    public required string Provider { get; init; }

    /// <summary>Only on these models; all that are listed when absent.</summary>
    [Names]
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>How much less than listed; 0 takes the listed price again.</summary>
    [Range(0, 100)]
    public required int Percent { get; init; }
}

/// <summary>Which prices.</summary>
public sealed class PriceFilter
{
    [FromQuery(Name = "provider"), Description("Only of this provider.")]
    public string? Provider { get; init; }

    [FromQuery(Name = "model"), Description("Only of this model, by its exact id.")]
    public string? Model { get; init; }

    [FromQuery(Name = "search"), Description("Only of models whose id contains this text, in any case.")]
    public string? Search { get; init; }

    internal IEnumerable<PriceVersion> Of(IEnumerable<PriceVersion> prices) => prices.Where(p =>
        (Provider is null || p.Provider == Provider) && (Model is null || p.Model == Model)
        && (Search is null || p.Model.Contains(Search, StringComparison.OrdinalIgnoreCase)));
}

/// <summary>Which proposals.</summary>
public sealed class ProposalFilter
{
    [FromQuery(Name = "state"), Description("Only those that are open, approved, rejected or superseded."), AllowedTexts("open", "approved", "rejected", "superseded")]
    public string? State { get; init; }
}
