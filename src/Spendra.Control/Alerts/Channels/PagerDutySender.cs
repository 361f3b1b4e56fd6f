using System.Text.Json.Nodes;
using Spendra.Core.Alerts;
using Spendra.Storage;

namespace Spendra.Control.Alerts.Channels;

/// <summary>PagerDuty's Events API, version 2: one incident for an alert, by its id, however often it hears of it.</summary>
internal sealed class PagerDutySender(HookClient hooks) : INoticeSender
{
    public const string DefaultAddress = "https://events.pagerduty.com/v2/enqueue";

    public Task<SendResult> SendAsync(OutgoingNotice outgoing, CancellationToken cancel) =>
        hooks.PostAsync(outgoing.Settings.Address ?? DefaultAddress, HookClient.Write(Body(outgoing)), [], cancel);

    private static JsonObject Body(OutgoingNotice outgoing)
    {
        var n = outgoing.Notice;
        var body = new JsonObject
        {
            ["routing_key"] = outgoing.Secret.Secret,
            ["event_action"] = n.Transition switch
            {
                AlertTransition.Raised => "trigger",
                AlertTransition.Acknowledged => "acknowledge",
                AlertTransition.Resolved => "resolve",
            },
            ["dedup_key"] = n.AlertId.ToString(),
        };
        if (n.Transition != AlertTransition.Raised) return body;
        body["client"] = "Spendra";
        body["payload"] = new JsonObject
        {
            ["summary"] = n.Title, ["source"] = $"spendra/{n.Organization}", ["severity"] = AlertNames.Of(n.Severity), ["timestamp"] = InstantText.Of(n.At),
            ["component"] = n.Subject, ["group"] = n.Scope ?? "organization", ["class"] = AlertNames.Of(n.Kind),
            ["custom_details"] = new JsonObject(n.Facts.Select(f => KeyValuePair.Create<string, JsonNode?>(f.Name, f.Value))),
        };
        return body;
    }
}
