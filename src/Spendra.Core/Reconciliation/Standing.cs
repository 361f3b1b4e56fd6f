using Spendra.Core.Money;

namespace Spendra.Core.Reconciliation;

/// <summary>What became of the differences of one kind, for one account and month.</summary>
/// <param name="Kind">Why they are.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Needed">Their sum: what would have to be booked for the ledger to be the bill.</param>
/// <param name="Booked">What was proposed for them, approved and booked.</param>
/// <param name="Proposed">What was proposed for them and waits for a decision.</param>
public sealed record KindStanding(DifferenceKind Kind, int Count, NanoUsd Needed, NanoUsd Booked, NanoUsd Proposed)
{
    /// <summary>The sum of their absolute amounts: more than <see cref="Needed"/> where some are charges and some are credits.</summary>
    public required NanoUsd Gross { get; init; }

    /// <summary>What nobody has booked.</summary>
    public NanoUsd Open => Needed - Booked;

    /// <summary>
    /// What cancels itself and needs no booking. Where the reason is known, that is all there is to it; two differences without one have
    /// nothing to do with each other, and explain each other no more than they are explained.
    /// </summary>
    public Int128 Unexplained => Kind == DifferenceKind.Unknown ? (Int128)Gross.Value - Int128.Abs(Needed.Value) : 0;

    /// <summary>What is to be proposed.</summary>
    public NanoUsd Missing => Needed - Booked - Proposed;
}

/// <summary>How much of a bill the ledger explains.</summary>
public static class ExplainedShare
{
    public const int Whole = 10_000;

    /// <summary>
    /// In basis points, rounded down: 10,000 only when nothing is left open. The whole is the larger of the two sides; open is
    /// what of each kind of difference was not booked. Differences that cancel each other, such as what was billed a day
    /// later, need no booking; those without a known reason stay open, though there is nothing to book.
    /// </summary>
    public static int Of(NanoUsd billed, NanoUsd booked, IEnumerable<KindStanding> standings)
    {
        Int128 open = 0;
        foreach (var standing in standings) open += Int128.Abs(standing.Open.Value) + standing.Unexplained;
        if (open == 0) return Whole;
        var whole = Int128.Max(Int128.Abs(billed.Value), Int128.Abs(booked.Value));
        return whole <= open ? 0 : (int)((whole - open) * Whole / whole);
    }
}
