using System.Text.Json.Nodes;
using Spendra.Core.Alerts;

namespace Spendra.Control.Alerts.Channels;

/// <summary>
/// A workflow of Microsoft Teams that starts when a webhook is called, which takes a message with an Adaptive Card. It has no
/// ids: a repetition after a crash is seen twice.
/// </summary>
internal sealed class TeamsSender(HookClient hooks) : INoticeSender
{
    public Task<SendResult> SendAsync(OutgoingNotice outgoing, CancellationToken cancel) =>
        hooks.PostAsync(outgoing.Secret.Address!, HookClient.Write(Body(outgoing)), [], cancel);

    private static JsonObject Body(OutgoingNotice outgoing) => new()
    {
        ["type"] = "message",
        ["attachments"] = new JsonArray(new JsonObject
        {
            ["contentType"] = "application/vnd.microsoft.card.adaptive",
            ["contentUrl"] = null,
            ["content"] = new JsonObject
            {
                ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
                ["type"] = "AdaptiveCard",
                ["version"] = "1.4",
                ["body"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "TextBlock", ["size"] = "Medium", ["weight"] = "Bolder", ["wrap"] = true, ["color"] = Color(outgoing.Notice), ["text"] = outgoing.Headline,
                    },
                    new JsonObject
                    {
                        ["type"] = "FactSet",
                        ["facts"] = new JsonArray([.. outgoing.Lines.Select(line => new JsonObject { ["title"] = line.Name, ["value"] = line.Value })]),
                    }),
            },
        }),
    };

    private static string Color(AlertNotice notice) => notice.Transition switch
    {
        AlertTransition.Resolved => "Good",
        AlertTransition.Acknowledged => "Default",
        AlertTransition.Raised => notice.Severity == AlertSeverity.Critical ? "Attention" : "Warning",
    };
}
