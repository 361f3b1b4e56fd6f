using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Spendra.Core.Money;

namespace Spendra.Core.Budgets;

/// <summary>An amount for a scope and a period. Only the amount may change; the rest names another budget.</summary>
public sealed record Budget
{
    private const int VersionOfTimedIds = 7;

    public required Guid BudgetId { get; init; }

    public required string Slug { get; init; }

    public required Guid ScopeId { get; init; }

    /// <summary>Limit of each window, with the increases that were not taken back yet; zero closes the scope.</summary>
    public required NanoUsd Amount { get; init; }

    /// <summary>What is part of the amount for a time only.</summary>
    public ImmutableArray<BudgetIncrease> Increases { get; init; } = [];

    /// <summary>The amount without its increases: what was set for good.</summary>
    public NanoUsd BaseAmount => Increases.Aggregate(Amount, (left, increase) => left - increase.Amount);

    /// <summary>
    /// The amount at an instant: an increase whose time is over covers nothing, whether or not it was taken back already.
    /// </summary>
    public NanoUsd AmountAt(long atMicros)
    {
        var amount = Amount;
        foreach (var increase in Increases)
        {
            if (increase.Until <= atMicros) amount -= increase.Amount;
        }
        return amount;
    }

    /// <summary>The budget with another amount for good, its increases on top.</summary>
    public Budget WithBaseAmount(NanoUsd amount) =>
        this with { Amount = Increases.Aggregate(amount, (sum, increase) => sum + increase.Amount) };

    public required Period Period { get; init; }

    public required TimeZoneInfo Zone { get; init; }

    /// <summary>When the budget was made, by its id: before that nothing could count. Zero for an id that does not tell.</summary>
    public long CreatedAt => BudgetId.Version != VersionOfTimedIds ? 0
        : BinaryPrimitives.ReadInt64BigEndian(BudgetId.ToByteArray(bigEndian: true)) >> 16 is var millis ? millis * 1_000 : 0;

    /// <summary>The window that holds the instant, or null outside a fixed range.</summary>
    public BudgetWindow? WindowAt(long atMicros) =>
        BudgetCalendar.WindowAt(Period, Zone, atMicros) is { } span
            ? new BudgetWindow(BudgetWindow.IdOf(BudgetId, span), this, span)
            : null;
}

/// <summary>One budget in one period.</summary>
public sealed record BudgetWindow(Guid WindowId, Budget Budget, WindowSpan Span)
{
    /// <summary>
    /// The id of a window follows from its budget and span, so that every gateway names it alike without asking:
    /// UUID version 8, the first 16 bytes of SHA-256(budget id ‖ start ‖ end), big-endian.
    /// </summary>
    public static Guid IdOf(Guid budgetId, WindowSpan span)
    {
        Span<byte> input = stackalloc byte[32];
        budgetId.TryWriteBytes(input, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(input[16..], span.StartsAt);
        BinaryPrimitives.WriteInt64BigEndian(input[24..], span.EndsAt);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }
}
