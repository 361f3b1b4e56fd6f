using Spendra.Gateway.Dialects;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.OpenApi;

/// <summary>What a mapped route is to governance.</summary>
internal enum RouteKind
{
    /// <summary>Reaches a provider, after a reservation.</summary>
    Governed,
    /// <summary>Answered from here to whoever has a key.</summary>
    Local,
    /// <summary>Answered from here to anybody; it tells nothing of anybody.</summary>
    Open,
    /// <summary>Refused, whoever asks.</summary>
    Refused,
}

/// <summary>
/// Every route that the gateway maps carries one of these: the document of the routes is made of them, and the census of
/// the tests fails on a route that has none.
/// </summary>
/// <param name="Kind">What it is to governance.</param>
/// <param name="Summary">One line for the document.</param>
/// <param name="Dialect">In which its errors are told; null where there are none.</param>
/// <param name="Route">Of a governed route.</param>
internal sealed record RouteMark(RouteKind Kind, string Summary, Dialect? Dialect, GovernedRoute? Route)
{
    /// <summary>How it is turned over, when it is a list that is put together here.</summary>
    public Paging Paging { get; init; }

    public static RouteMark Refused { get; } = new(RouteKind.Refused, "", Dialect: null, Route: null);

    public static RouteMark Of(GovernedRoute route) => new(RouteKind.Governed, RouteSummaries.Of(route), route.Dialect, route)
    {
        Paging = route.ListsBatches ? Paging.Batches : Paging.None,
    };

    public static RouteMark Local(Dialect dialect, string summary, Paging paging = Paging.None) =>
        new(RouteKind.Local, summary, dialect, Route: null) { Paging = paging };

    public static RouteMark Open(string summary) => new(RouteKind.Open, summary, Dialect: null, Route: null);
}
