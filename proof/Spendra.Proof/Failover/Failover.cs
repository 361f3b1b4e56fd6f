namespace Spendra.Proof.Failover;

/// <summary>One loss of the primary.</summary>
internal sealed record Failover
{
    public required int Number { get; init; }

    public required string Strike { get; init; }

    public required string Node { get; init; }

    public string NewPrimary { get; init; } = "";

    public required DateTimeOffset StruckAt { get; init; }

    /// <summary>From here on the old primary certainly took no more commits; the same as the end when that is not known.</summary>
    public DateTimeOffset OutageBegan { get; init; }

    /// <summary>Until then there certainly was no new primary.</summary>
    public DateTimeOffset OutageEnded { get; init; }

    /// <summary>From the strike until the end of the longest silence: the first governed 200 again.</summary>
    public TimeSpan Recovery { get; init; }

    public int AcknowledgedBefore { get; init; }

    public int AcknowledgedAfter { get; init; }

    public int Refused { get; init; }

    /// <summary>From the strike until the cluster had a synchronous replica and both replicas again.</summary>
    public TimeSpan Whole { get; init; }

    public override string ToString() =>
        $"{Number,3}  {Strike,-10} {Node} -> {NewPrimary}   200 again after {Recovery.TotalSeconds,5:F1} s   acknowledged {AcknowledgedBefore,5} before, "
        + $"{AcknowledgedAfter,5} after   503: {Refused,5}   whole after {Whole.TotalSeconds,5:F1} s";
}
