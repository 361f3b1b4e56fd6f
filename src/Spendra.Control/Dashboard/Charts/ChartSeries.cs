using Spendra.Core.Money;

namespace Spendra.Control.Dashboard.Charts;

/// <summary>What a drawing is stacked of.</summary>
/// <param name="Name">As it is written beside it.</param>
/// <param name="Colour">1 to 7.</param>
/// <param name="Amounts">One for each step of time.</param>
public sealed record ChartSeries(string Name, int Colour, IReadOnlyList<NanoUsd> Amounts);

/// <summary>Something that flows from one thing to another.</summary>
/// <param name="Stage">0 for what leaves the first column, 1 for what leaves the second.</param>
/// <param name="From">A name in the column.</param>
/// <param name="To">A name in the next one.</param>
/// <param name="Origin">Where it came from at first: what it is coloured by.</param>
/// <param name="Amount">More than zero.</param>
public sealed record ChartFlow(int Stage, string From, string To, string Origin, NanoUsd Amount);
