namespace Spendra.Core.Alerts;

/// <summary>What a channel speaks.</summary>
public enum ChannelKind
{
    /// <summary>SMTP.</summary>
    Email,
    /// <summary>An incoming webhook of Slack.</summary>
    Slack,
    /// <summary>A workflow of Microsoft Teams that takes Adaptive Cards.</summary>
    Teams,
    /// <summary>PagerDuty's Events API, version 2.</summary>
    PagerDuty,
    /// <summary>Any address, signed by the Standard Webhooks scheme.</summary>
    Webhook,
}

public static class ChannelKinds
{
    public static IReadOnlyList<ChannelKind> All => Enum.GetValues<ChannelKind>();

    public static string NameOf(ChannelKind kind) => kind switch
    {
        ChannelKind.Email => "email",
        ChannelKind.Slack => "slack",
        ChannelKind.Teams => "teams",
        ChannelKind.PagerDuty => "pagerduty",
        ChannelKind.Webhook => "webhook",
    };

    public static ChannelKind Read(string name)
    {
        foreach (var kind in All)
        {
            if (NameOf(kind) == name) return kind;
        }
        throw new ArgumentException($"'{name}' is no kind of channel", nameof(name));
    }

    /// <summary>Whether it wants to hear that somebody takes care: others have no use for it.</summary>
    public static bool HearsAcknowledgement(ChannelKind kind) => kind is ChannelKind.PagerDuty or ChannelKind.Webhook;
}
