using Spendra.Core.Money;

namespace Spendra.Control.Dashboard.Charts;

/// <summary>
/// Where things stand in three columns, and what flows between them, so that every thing is as high as what flows through it. Floating
/// point is for drawing alone.
/// </summary>
internal sealed class FlowLayout
{
    public const double Width = 740;
    public const double Height = 370;
    public const double NodeWidth = 8;

    private const double Gap = 8;
    private const double LeastHeight = 1;
    private const double LabelHeight = 13;
    private const int Columns = 3;

    private FlowLayout(IReadOnlyList<Node> nodes, IReadOnlyList<Ribbon> ribbons) => (Nodes, Ribbons) = (nodes, ribbons);

    public IReadOnlyList<Node> Nodes { get; }

    public IReadOnlyList<Ribbon> Ribbons { get; }

    /// <param name="flows">What leaves a thing of the second column adds up to what comes in, or to less.</param>
    public static FlowLayout Of(IReadOnlyList<ChartFlow> flows)
    {
        var columns = Enumerable.Range(0, Columns).Select(column => Ordered(flows, column)).ToList();
        var most = columns.Max(c => c.Count);
        var sum = columns.Max(c => c.Aggregate(NanoUsd.Zero, (total, node) => total + node.Amount));
        var room = Height - Gap * Math.Max(0, most - 1);
        double HeightOf(NanoUsd amount) => Amounts.Position(amount, sum) / 100 * room;

        var nodes = new Dictionary<(int, string), Node>();
        for (var column = 0; column < Columns; column++)
        {
            var y = 0.0;
            var placed = new List<Node>();
            foreach (var (name, origin, amount) in columns[column])
            {
                var height = Math.Max(LeastHeight, HeightOf(amount));
                placed.Add(new Node(column, name, origin, amount, column * (Width - NodeWidth) / (Columns - 1), y, height, y + height / 2 + 4));
                y += height + Gap;
            }
            var labels = LabelPlaces.Spread([.. placed.Select(n => n.LabelY)], LabelHeight, Height + 4);
            foreach (var (node, i) in placed.Select((n, i) => (n, i))) nodes[(column, node.Name)] = node with { LabelY = labels[i] };
        }
        return new FlowLayout([.. nodes.Values], Connect(flows, nodes, HeightOf));
    }

    // By size, but things of one origin stay together from column to column.
    private static List<(string Name, string? Origin, NanoUsd Amount)> Ordered(IReadOnlyList<ChartFlow> flows, int column)
    {
        var through = column == 0 ? flows.Where(f => f.Stage == 0).Select(f => (Name: f.From, f.Origin, f.Amount)) : flows.Where(f => f.Stage == column - 1).Select(f => (Name: f.To, f.Origin, f.Amount));
        return
        [
            .. through.GroupBy(t => t.Name, StringComparer.Ordinal)
                .Select(g => (Name: g.Key, Origin: g.Select(t => t.Origin).Distinct(StringComparer.Ordinal).Take(2).ToList() is [var only] ? only : null,
                    Amount: g.Aggregate(NanoUsd.Zero, (sum, t) => sum + t.Amount)))
                .OrderBy(n => column == 1 ? flows.Where(f => f.Stage == 0 && f.Origin != n.Origin).Sum(f => f.Amount.Value) : 0)
                .ThenByDescending(n => n.Amount).ThenBy(n => n.Name, StringComparer.Ordinal),
        ];
    }

    private static List<Ribbon> Connect(IReadOnlyList<ChartFlow> flows, Dictionary<(int, string), Node> nodes, Func<NanoUsd, double> heightOf)
    {
        var (left, right) = (new Dictionary<(int, string), double>(), new Dictionary<(int, string), double>());
        var ribbons = new List<Ribbon>();
        foreach (var flow in flows.OrderBy(f => f.Stage).ThenBy(f => nodes[(f.Stage, f.From)].Y).ThenBy(f => nodes[(f.Stage + 1, f.To)].Y).ThenBy(f => f.Origin, StringComparer.Ordinal))
        {
            var (from, to) = (nodes[(flow.Stage, flow.From)], nodes[(flow.Stage + 1, flow.To)]);
            var height = heightOf(flow.Amount);
            var y1 = Take(left, (flow.Stage, flow.From), from.Y, height);
            var y2 = Take(right, (flow.Stage + 1, flow.To), to.Y, height);
            ribbons.Add(new Ribbon(flow, Shape(from.X + NodeWidth, y1, to.X, y2, Math.Max(LeastHeight, height))));
        }
        return ribbons;
    }

    private static double Take(Dictionary<(int, string), double> used, (int, string) node, double from, double height)
    {
        var at = used.GetValueOrDefault(node, from);
        used[node] = at + height;
        return at;
    }

    private static string Shape(double x1, double y1, double x2, double y2, double height)
    {
        var middle = (x1 + x2) / 2;
        string P(double x, double y) => $"{Plot.N(x)} {Plot.N(y)}";
        return $"M{P(x1, y1)} C{P(middle, y1)} {P(middle, y2)} {P(x2, y2)} L{P(x2, y2 + height)} C{P(middle, y2 + height)} {P(middle, y1 + height)} {P(x1, y1 + height)} Z";
    }

    /// <summary>A thing. Its origin is where all that flows through it came from; null for several.</summary>
    public sealed record Node(int Column, string Name, string? Origin, NanoUsd Amount, double X, double Y, double Height, double LabelY);

    /// <summary>What flows, as the path that draws it.</summary>
    public sealed record Ribbon(ChartFlow Flow, string Path);
}
