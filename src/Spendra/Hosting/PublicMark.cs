namespace Spendra.Hosting;

/// <summary>
/// On an endpoint of the host itself, which anybody may call and which reaches no provider. Each part that maps endpoints
/// has a mark of its own; the census of the tests fails on an endpoint without one, and on a public one that is not in its
/// list.
/// </summary>
/// <param name="Why">Why it may be public.</param>
internal sealed record PublicMark(string Why);
