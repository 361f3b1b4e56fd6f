using MimeKit;
using Spendra.Control.Alerts.Channels;
using Spendra.Control.Shell;
using Spendra.Core.Alerts;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Alerts;

/// <summary>What a body says about a channel, checked. Pure.</summary>
/// <param name="Kind">What it speaks.</param>
/// <param name="Settings">What may be shown.</param>
/// <param name="Secret">What may not; null to keep what is there.</param>
internal sealed record ChannelDraft(ChannelKind Kind, ChannelSettings Settings, ChannelSecret? Secret)
{
    private const int SubmissionPort = 587;

    /// <param name="target">The body.</param>
    /// <param name="allowInside">Whether http may be named.</param>
    /// <param name="before">The channel that is changed; null for a new one.</param>
    public static Outcome<ChannelDraft> Read(ChannelTarget target, bool allowInside, ChannelRow? before)
    {
        object?[] targets = [target.Email, target.Slack, target.Teams, target.PagerDuty, target.Webhook];
        if (targets.Count(t => t is not null) != 1) return Problem.Field("email", "is wrong: expected exactly one of 'email', 'slack', 'teams', 'pagerDuty' and 'webhook'");
        var draft = target switch
        {
            { Email: { } email } => OfEmail(email, before),
            { Slack: { } slack } => OfHook(ChannelKind.Slack, "slack", slack, allowInside),
            { Teams: { } teams } => OfHook(ChannelKind.Teams, "teams", teams, allowInside),
            { PagerDuty: { } pagerDuty } => OfPagerDuty(pagerDuty, allowInside),
            _ => OfWebhook(target.Webhook!, allowInside),
        };
        if (draft.IsDone && before is not null && before.Kind != draft.Value.Kind)
            return Problem.Field(ChannelKinds.NameOf(draft.Value.Kind), $"is another kind of channel: this one is {ChannelKinds.NameOf(before.Kind)}, for good");
        return draft;
    }

    /// <summary>As audit records tell it.</summary>
    public static Storage.Governance.Description Describe(ChannelRow row, bool isReplaced = false) => new(
    [
        ("kind", ChannelKinds.NameOf(row.Kind)), ("host", row.Settings.Host), ("port", row.Settings.Port?.ToString()), ("security", row.Settings.Security),
        ("username", row.Settings.Username), ("from", row.Settings.From), ("to", row.Settings.To is { } to ? string.Join(", ", to) : null),
        ("address", row.Settings.Address), ("secret", isReplaced ? "sealed, replaced" : "sealed"),
    ]);

    private static Outcome<ChannelDraft> OfEmail(EmailTarget email, ChannelRow? before)
    {
        if (Uri.CheckHostName(email.Host) == UriHostNameType.Unknown) return Problem.Field("email.host", "is no name of a host");
        if (!IsMailbox(email.From)) return Problem.Field("email.from", "is no mail address");
        if (email.To.Count == 0 || !email.To.All(IsMailbox)) return Problem.Field("email.to", "is no list of mail addresses");
        var settings = new ChannelSettings
        {
            Host = email.Host, Port = email.Port ?? SubmissionPort, Security = email.Security ?? "starttls", Username = email.Username, From = email.From, To = email.To,
        };
        if (email.Username is null && email.Password is not null) return Problem.Field("email.username", "is missing: a password is somebody's");
        if (email.Username is null) return Done(ChannelKind.Email, settings, new ChannelSecret(null, null));
        if (settings.Security == "none") return Problem.Field("email.security", "is 'none', and a password does not go over a connection that is open to anybody");
        if (email.Password is not null) return Done(ChannelKind.Email, settings, new ChannelSecret(null, email.Password));
        // A stored password that went along to another server would be anybody's who may change channels.
        var isSamePlace = before is { Kind: ChannelKind.Email } && before.Settings.Host == settings.Host && before.Settings.Port == settings.Port
            && before.Settings.Security == settings.Security && before.Settings.Username == settings.Username;
        return isSamePlace ? Done(ChannelKind.Email, settings, null)
            : Problem.Field("email.password", "is missing: it comes along with a server or a user, since a secret goes nowhere that it was not given for");
    }

    private static Outcome<ChannelDraft> OfHook(ChannelKind kind, string field, HookTarget hook, bool allowInside) =>
        Wrong(hook.Address, $"{field}.address", allowInside) is { } wrong ? wrong
            : Done(kind, new ChannelSettings { Host = new Uri(hook.Address).Host }, new ChannelSecret(hook.Address, null));

    private static Outcome<ChannelDraft> OfPagerDuty(PagerDutyTarget target, bool allowInside)
    {
        if (target.Address is { } address && Wrong(address, "pagerDuty.address", allowInside) is { } wrong) return wrong;
        return Done(ChannelKind.PagerDuty, new ChannelSettings { Address = target.Address ?? PagerDutySender.DefaultAddress }, new ChannelSecret(null, target.RoutingKey));
    }

    private static Outcome<ChannelDraft> OfWebhook(WebhookTarget target, bool allowInside)
    {
        if (Wrong(target.Address, "webhook.address", allowInside) is { } wrong) return wrong;
        if (WebhookSender.KeyOf(target.Secret) is null)
            return Problem.Field("webhook.secret", $"is no signing secret: expected {WebhookSender.SecretPrefix} and 24 to 64 random bytes in base64");
        return Done(ChannelKind.Webhook, new ChannelSettings { Host = new Uri(target.Address).Host }, new ChannelSecret(target.Address, target.Secret));
    }

    private static Outcome<ChannelDraft> Done(ChannelKind kind, ChannelSettings settings, ChannelSecret? secret) =>
        Outcome<ChannelDraft>.Done(new ChannelDraft(kind, settings, secret));

    // Not quoted: it may hold a token.
    private static Problem? Wrong(string address, string field, bool allowInside)
    {
        var isAddress = Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Host.Length > 0 && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0
            && (uri.Scheme == Uri.UriSchemeHttps || (allowInside && uri.Scheme == Uri.UriSchemeHttp));
        return isAddress ? null : Problem.Field(field, $"is no {(allowInside ? "http or " : "")}https address without user info and fragment");
    }

    private static bool IsMailbox(string text) => MailboxAddress.TryParse(text, out var mailbox) && mailbox.Address.Contains('@');
}
