namespace Spendra.Simulation.Provider;

/// <summary>How the provider and the way to it misbehave. Per mille of calls; nothing while all are zero.</summary>
internal sealed record ProviderFaults
{
    /// <summary>No connection is made.</summary>
    public int Unreachable { get; init; }

    /// <summary>A refusal before any work: 400, 429, or 503 in the provider's own shape.</summary>
    public int Refuses { get; init; }

    /// <summary>500, 502 or 504, or a 503 that somebody in between made; the work may have been done.</summary>
    public int Fails { get; init; }

    /// <summary>The connection breaks before the response begins; the work may have been done.</summary>
    public int Resets { get; init; }

    /// <summary>No answer ever comes; the work may have been done.</summary>
    public int Hangs { get; init; }

    /// <summary>The response breaks off, or falls silent, in the middle.</summary>
    public int BreaksOff { get; init; }

    /// <summary>The usage is missing, or makes no sense.</summary>
    public int BadUsage { get; init; }

    /// <summary>More is billed than was bounded: the usage says so.</summary>
    public int Overbills { get; init; }

    /// <summary>Microseconds until a response begins, at most, while the provider is not slow.</summary>
    public const long UsualDelay = 200_000;

    /// <summary>Microseconds until a response begins, at most.</summary>
    public long MaxDelay { get; init; } = UsualDelay;
}
