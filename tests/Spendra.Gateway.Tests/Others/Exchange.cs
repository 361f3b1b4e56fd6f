namespace Spendra.Gateway.Tests.Others;

/// <summary>What becomes of the money that was held for a call.</summary>
internal enum Fate
{
    /// <summary>Settled by the usage that the provider told.</summary>
    Settled,

    /// <summary>Given back: certainly nothing was done.</summary>
    Released,

    /// <summary>Booked at the bound, as an estimate: nobody knows what was used.</summary>
    Bound,
}

/// <summary>The units and the cost of a spend event.</summary>
internal sealed record Booked(long Input, long Cached, long Written, long Output, long CostNanos, bool IsEstimated);

/// <summary>One request to both providers.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="Path">Below the gateway's <c>/v1/</c>, or from its root.</param>
/// <param name="Body">What is sent to both.</param>
/// <param name="Paths">What a client reads; see <see cref="ClientView"/>.</param>
/// <param name="Seen">What it must find there, with bars between; empty when nothing is read.</param>
internal sealed record Exchange(string Name, string Path, string Body, string[] Paths, string Seen)
{
    /// <summary>Twenty tokens read and eight written, at the rates of <see cref="Rules"/>.</summary>
    public static readonly Booked Usual = new(20, 0, 0, 8, 20 * 1_000 + 8 * 2_000, IsEstimated: false);

    public int Status { get; init; } = 200;

    public Fate Fate { get; init; }

    /// <summary>False when the connection breaks after what is read.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>What is read of aimock's, where it is not the same.</summary>
    public string? SeenThere { get; init; }

    /// <summary>What the ledger must have of it at aimock, when it is settled.</summary>
    public Booked There { get; init; } = Usual;

    /// <summary>The same at the sandbox.</summary>
    public Booked Here { get; init; } = Usual;

    /// <summary>When a client may come again that was refused with 429, at the sandbox.</summary>
    public string? RetryAfterHere { get; init; } = "1";
}
