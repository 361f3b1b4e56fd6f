using Spendra.Control.Dashboard;

namespace Spendra.Control.Alerts;

/// <summary>Where a channel leads, as somebody types it. Secrets are typed again for every change.</summary>
internal sealed class ChannelForm
{
    private const int MailPort = 587;

    public static IReadOnlyList<(string Name, string Title)> Kinds { get; } =
        [("email", "E-mail"), ("slack", "Slack"), ("teams", "Microsoft Teams"), ("pagerduty", "PagerDuty"), ("webhook", "Webhook")];

    public string Slug { get; set; } = "";
    public string Kind { get; set; } = "email";
    public string Host { get; set; } = "";
    public int Port { get; set; } = MailPort;
    public string Security { get; set; } = "starttls";
    public string Username { get; set; } = "";
    public string Password { get; set; } = "";
    public string From { get; set; } = "";
    public string To { get; set; } = "";
    public string Address { get; set; } = "";
    public string Secret { get; set; } = "";

    public static string TitleOf(string kind) => Kinds.FirstOrDefault(k => k.Name == kind).Title ?? kind;

    /// <summary>Where a channel leads, without what is secret.</summary>
    public static string Lead(ChannelView channel) => channel.Kind switch
    {
        "email" => $"{string.Join(", ", channel.To ?? [])} by {channel.Host}",
        "pagerduty" => channel.Address ?? "PagerDuty",
        _ => channel.Host ?? "",
    };

    public static ChannelForm Of(ChannelView channel) => new()
    {
        Slug = channel.Slug, Kind = channel.Kind, Host = channel.Kind == "email" ? channel.Host ?? "" : "", Port = channel.Port ?? MailPort, Security = channel.Security ?? "starttls",
        Username = channel.Username ?? "", From = channel.From ?? "", To = string.Join(' ', channel.To ?? []), Address = channel.Kind == "pagerduty" ? channel.Address ?? "" : "",
    };

    public NewChannel ToNew() => new() { Slug = Slug.Trim(), Email = Mail(), Slack = Hook("slack"), Teams = Hook("teams"), PagerDuty = Pager(), Webhook = Web() };

    public EditedChannel ToEdited() => new() { Email = Mail(), Slack = Hook("slack"), Teams = Hook("teams"), PagerDuty = Pager(), Webhook = Web() };

    public override string ToString() => "channel [redacted]";

    private EmailTarget? Mail() => Kind != "email" ? null : new EmailTarget
    {
        Host = Host.Trim(), Port = Port, Security = Security, Username = QueryText.OrNull(Username), Password = QueryText.OrNull(Password), From = From.Trim(),
        To = To.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries),
    };

    private HookTarget? Hook(string kind) => Kind == kind ? new HookTarget { Address = Address.Trim() } : null;

    private PagerDutyTarget? Pager() => Kind == "pagerduty" ? new PagerDutyTarget { RoutingKey = Secret.Trim(), Address = QueryText.OrNull(Address) } : null;

    private WebhookTarget? Web() => Kind == "webhook" ? new WebhookTarget { Address = Address.Trim(), Secret = Secret.Trim() } : null;
}
