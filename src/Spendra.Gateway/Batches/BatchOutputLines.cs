using Microsoft.AspNetCore.Http;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Reads what a batch answered, each line with the meter of its endpoint, and adds up what is billed. One answer whose
/// usage cannot be believed makes the whole unknown: what it cost is part of the bill.
/// </summary>
/// <param name="route">What the lines called.</param>
/// <param name="price">The price version that was pinned, or null when nothing is charged.</param>
/// <param name="book">Where the price of another model that served is found.</param>
/// <param name="reservedAt">Prices are those of this instant.</param>
/// <param name="maxTokenBytes">The largest token of an answer that is held.</param>
internal sealed class BatchOutputLines(GovernedRoute route, PriceVersion? price, PriceBook book, long reservedAt, int maxTokenBytes) : ILineTaker
{
    private readonly GovernedCall _call = new(new DefaultHttpContext(), route, requestId: default);

    /// <summary>Something that was answered cannot be read or priced.</summary>
    public bool IsUnknown { get; private set; }

    /// <summary>Calls that were answered, and so are billed.</summary>
    public long Answered { get; private set; }

    /// <summary>The usage in the first context band, and beyond it.</summary>
    public (Usage Within, Usage Beyond) Usage { get; private set; }

    /// <summary>The price version of the model that served, the same for all; null when nothing is charged.</summary>
    public PriceVersion? Served { get; private set; }

    public string? ServedModel { get; private set; }

    public bool Take(int number, ReadOnlySpan<byte> line)
    {
        line = line.Trim(" \t\r"u8);
        if (!line.IsEmpty) TakeAnswer(line);
        return !IsUnknown;
    }

    public void TakeTooLong(int number) => GiveUp();

    /// <summary>A file of answers is gone.</summary>
    public void GiveUp() => IsUnknown = true;

    private void TakeAnswer(ReadOnlySpan<byte> line)
    {
        if (!BatchAnswer.TryRead(line, out var answer))
        {
            GiveUp();
            return;
        }
        // Only what was answered is billed; what failed or was not begun in time is not.
        if (!answer.IsAnswered) return;
        Answered++;
        using var meter = route.Dialect.MakeMeter(_call, "application/json", maxTokenBytes);
        if (meter is not BodyMeter body)
            throw new InvalidOperationException($"the answers of {route.Name} are not read as bodies");
        body.Read(answer.BodyOf(line));
        body.Finish();
        if (!TryAdd(body.Reading)) GiveUp();
    }

    private bool TryAdd(MeterReading reading)
    {
        if (reading.Usage is not { } usage || !IsTierOfBatches(reading.ServedTier)) return false;
        ServedModel ??= reading.ServedModel;
        if (price is null)
        {
            Usage = (Core.Metering.Usage.SumUnchecked(Usage.Within, usage), default);
            return Usage.Within.IsPlausible;
        }
        if (ServedPrice.Of(price, reading.ServedModel, book, reservedAt) is not { } served) return false;
        if ((Served ??= served).PriceId != served.PriceId || !Cost.HasRates(served, usage)) return false;
        Usage = usage.TotalInput > served.LongContext?.AboveInputUnits
            ? (Usage.Within, Core.Metering.Usage.SumUnchecked(Usage.Beyond, usage))
            : (Core.Metering.Usage.SumUnchecked(Usage.Within, usage), Usage.Beyond);
        return Core.Metering.Usage.SumUnchecked(Usage.Within, Usage.Beyond).IsPlausible;
    }

    /// <summary>A line may name the default tier, as its request did: the batch is billed as one. Any other is not what was sold.</summary>
    private static bool IsTierOfBatches(string? tier) => tier is null or "auto" or "default" or "standard" or BatchBounding.Tier;
}
