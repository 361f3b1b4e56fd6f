using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Alerts.Channels;

/// <summary>A notice on its way through a channel.</summary>
/// <param name="DeliveryId">The same for every attempt: by it a receiver knows a repetition.</param>
/// <param name="Notice">What is told.</param>
/// <param name="Settings">What the channel may be shown by.</param>
/// <param name="Secret">What it may not.</param>
/// <param name="IsTest">Somebody tries the channel: nothing has happened.</param>
internal sealed record OutgoingNotice(Guid DeliveryId, AlertNotice Notice, ChannelSettings Settings, ChannelSecret Secret, bool IsTest = false)
{
    /// <summary>One line for people.</summary>
    public string Headline
    {
        get
        {
            var word = Notice.Transition switch
            {
                AlertTransition.Raised => AlertNames.Of(Notice.Severity),
                AlertTransition.Acknowledged => "acknowledged",
                AlertTransition.Resolved => "resolved",
            };
            return $"[{Notice.Organization}] {word}: {Notice.Title}";
        }
    }

    /// <summary>What is known, in the order in which people read it.</summary>
    public IReadOnlyList<(string Name, string Value)> Lines =>
    [
        ("kind", AlertNames.Of(Notice.Kind)), ("severity", AlertNames.Of(Notice.Severity)), ("scope", Notice.Scope ?? "organization"),
        .. Notice.Facts.Select(f => (f.Name, f.Value)), ("raisedAt", InstantText.Of(Notice.RaisedAt)), ("at", InstantText.Of(Notice.At)),
        .. Notice.By is { } by ? [("by", by)] : ((string, string)[])[],
    ];
}

/// <summary>What came of one attempt.</summary>
/// <param name="IsDelivered">The receiver has said that it has it.</param>
/// <param name="Status">The answer's status, where there was one.</param>
/// <param name="Error">What is wrong, without anything of the answer or of a secret; of what was delivered, who did not get it.</param>
/// <param name="RetryAfterMicros">How long the receiver asked to be left alone; 0 when it did not.</param>
internal sealed record SendResult(bool IsDelivered, int? Status = null, string? Error = null, long RetryAfterMicros = 0);

/// <summary>Speaks one kind of channel.</summary>
internal interface INoticeSender
{
    /// <summary>One attempt. What is expected to go wrong comes back as a result; how long it may take is the caller's to say.</summary>
    Task<SendResult> SendAsync(OutgoingNotice outgoing, CancellationToken cancel);
}
