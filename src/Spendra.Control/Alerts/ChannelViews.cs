using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Alerts;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Alerts;

/// <summary>A channel as callers see it: everything but its secrets. What its kind has no use for is absent.</summary>
/// <param name="Slug">Its name; never changes.</param>
/// <param name="Kind"><c>email</c>, <c>slack</c>, <c>teams</c>, <c>pagerduty</c> or <c>webhook</c>; never changes.</param>
/// <param name="Host">The mail server, or the host of an address that is secret.</param>
/// <param name="Port">Of the mail server.</param>
/// <param name="Security"><c>starttls</c>, <c>tls</c> or <c>none</c>.</param>
/// <param name="Username">At the mail server.</param>
/// <param name="From">Who mail is from.</param>
/// <param name="To">Who gets mail.</param>
/// <param name="Address">Where events for PagerDuty are sent.</param>
/// <param name="IsArchived">Nothing is sent through an archived channel.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record ChannelView(
    string Slug, string Kind, string? Host, int? Port, string? Security, string? Username, string? From, IReadOnlyList<string>? To, string? Address, bool IsArchived, long Version)
{
    public static ChannelView Of(ChannelRow row)
    {
        var s = row.Settings;
        return new ChannelView(row.Slug, ChannelKinds.NameOf(row.Kind), s.Host, s.Port, s.Security, s.Username, s.From, s.To, s.Address, row.IsArchived, row.Version);
    }
}

/// <summary>Mail.</summary>
public sealed record EmailTarget
{
    [Plain(253)]
    public required string Host { get; init; }

    /// <summary>587 when absent.</summary>
    [Range(1, 65_535)]
    public int? Port { get; init; }

    /// <summary><c>starttls</c> when absent. <c>none</c> takes no password.</summary>
    [AllowedTexts("starttls", "tls", "none")]
    public string? Security { get; init; }

    [Plain]
    public string? Username { get; init; }

    /// <summary>Kept encrypted, shown to nobody. Absent in a change: the one that is kept.</summary>
    [Plain(1_000)]
    public string? Password { get; init; }

    [Plain]
    public required string From { get; init; }

    [Names(50)]
    public required IReadOnlyList<string> To { get; init; }

    public override string ToString() => "mail [redacted]";
}

/// <summary>An address that is all that is needed to send to it, and therefore secret.</summary>
public sealed record HookTarget
{
    /// <summary>Kept encrypted, shown to nobody.</summary>
    [Plain(2_000)]
    public required string Address { get; init; }

    public override string ToString() => "hook [redacted]";
}

/// <summary>PagerDuty.</summary>
public sealed record PagerDutyTarget
{
    /// <summary>Of an integration with the Events API, version 2. Kept encrypted, shown to nobody.</summary>
    [Plain]
    public required string RoutingKey { get; init; }

    /// <summary>Where events are sent, for accounts of another region.</summary>
    [Plain(2_000)]
    public string? Address { get; init; }

    public override string ToString() => "pagerduty [redacted]";
}

/// <summary>Any address, signed by the Standard Webhooks scheme.</summary>
public sealed record WebhookTarget
{
    /// <summary>Kept encrypted, shown to nobody: it may hold a token.</summary>
    [Plain(2_000)]
    public required string Address { get; init; }

    /// <summary><c>whsec_</c> and 24 to 64 bytes in base64. Kept encrypted, shown to nobody.</summary>
    [Plain]
    public required string Secret { get; init; }

    public override string ToString() => "webhook [redacted]";
}

/// <summary>Where a channel leads: exactly one of these.</summary>
public abstract record ChannelTarget
{
    public EmailTarget? Email { get; init; }

    /// <summary>An incoming webhook of Slack.</summary>
    public HookTarget? Slack { get; init; }

    /// <summary>A workflow of Microsoft Teams that starts when a webhook is called.</summary>
    public HookTarget? Teams { get; init; }

    public PagerDutyTarget? PagerDuty { get; init; }

    public WebhookTarget? Webhook { get; init; }
}

/// <summary>A new channel.</summary>
public sealed record NewChannel : ChannelTarget
{
    /// <summary>Its name; never changes.</summary>
    [Slug]
    public required string Slug { get; init; }
}

/// <summary>A channel as it shall be, of the kind that it is.</summary>
public sealed record EditedChannel : ChannelTarget;

/// <summary>What came of a try.</summary>
/// <param name="IsDelivered">The receiver has said that it has it.</param>
/// <param name="Status">The answer's status, where there was one.</param>
/// <param name="Failure">What is wrong.</param>
internal sealed record ChannelTestView(bool IsDelivered, int? Status, string? Failure);

/// <summary>Which channels, or which subscriptions.</summary>
public sealed class ArchivedFilter
{
    [FromQuery(Name = "archived"), Description("'true' lists archived ones as well."), AllowedTexts("true", "false")]
    public string? Archived { get; init; }
}
