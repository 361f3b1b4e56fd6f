namespace Spendra.Control.Dashboard.Charts;

/// <summary>Where labels of a drawing stand so that none covers another.</summary>
internal static class LabelPlaces
{
    /// <summary>Moves heights apart, and as little as it takes.</summary>
    /// <param name="wanted">Where each would stand, from the top down: ascending.</param>
    /// <param name="gap">The least distance of two.</param>
    /// <param name="bottom">No label stands below, as long as there is room above.</param>
    public static double[] Spread(IReadOnlyList<double> wanted, double gap, double bottom)
    {
        var places = wanted.ToArray();
        for (var i = 1; i < places.Length; i++) places[i] = Math.Max(places[i], places[i - 1] + gap);
        for (var (i, lowest) = (places.Length - 1, bottom); i >= 0; i--, lowest -= gap) places[i] = Math.Min(places[i], lowest);
        return places;
    }
}
