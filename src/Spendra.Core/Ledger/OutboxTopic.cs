namespace Spendra.Core.Ledger;

/// <summary>What an outbox row announces. Numbers are part of seals and never change.</summary>
public enum OutboxTopic
{
    /// <summary>A spend event: settled, expired, late or adjusted.</summary>
    Spend = 1,

    /// <summary>A correction of a provider account, beside all requests.</summary>
    Adjustment = 2,

    /// <summary>A reservation was given back.</summary>
    Release = 3,

    /// <summary>A request was refused.</summary>
    Refusal = 4,
}

/// <summary>Topics by the names that rows carry.</summary>
public static class OutboxTopics
{
    public static string NameOf(OutboxTopic topic) => topic switch
    {
        OutboxTopic.Spend => "spend",
        OutboxTopic.Adjustment => "adjustment",
        OutboxTopic.Release => "release",
        OutboxTopic.Refusal => "refusal",
        _ => throw new ArgumentOutOfRangeException(nameof(topic), topic, "unknown topic"),
    };

    /// <summary>Null for a name that nobody writes.</summary>
    public static OutboxTopic? Find(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("spend"u8) ? OutboxTopic.Spend
        : name.SequenceEqual("adjustment"u8) ? OutboxTopic.Adjustment
        : name.SequenceEqual("release"u8) ? OutboxTopic.Release
        : name.SequenceEqual("refusal"u8) ? OutboxTopic.Refusal
        : null;
}
