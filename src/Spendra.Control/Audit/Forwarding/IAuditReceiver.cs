namespace Spendra.Control.Audit.Forwarding;

/// <summary>A place outside that is told audit records.</summary>
internal interface IAuditReceiver : IDisposable
{
    /// <summary>Returns when the receiver has confirmed all of them. May be told the same again.</summary>
    /// <exception cref="ForwardException">It has not.</exception>
    Task TellAsync(IReadOnlyList<ForwardedRecord> records, CancellationToken cancel);
}

/// <summary>A record in the form in which it is told: one JSON object.</summary>
/// <param name="RecordedAt">Microseconds since the Unix epoch.</param>
/// <param name="Json">Without a line end.</param>
internal sealed record ForwardedRecord(long RecordedAt, byte[] Json);

/// <summary>Records were not confirmed. The message holds no address and nothing that the receiver said.</summary>
/// <param name="message">Why, in a few words.</param>
/// <param name="isOfReceiver">True when other records would fare no better now; false when it was these that were refused.</param>
internal sealed class ForwardException(string message, bool isOfReceiver) : Exception(message)
{
    public bool IsOfReceiver { get; } = isOfReceiver;
}
