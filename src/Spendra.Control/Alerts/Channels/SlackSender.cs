using System.Text.Json.Nodes;
using Spendra.Core.Alerts;

namespace Spendra.Control.Alerts.Channels;

/// <summary>An incoming webhook of Slack, or of what speaks like it. It has no ids: a repetition after a crash is seen twice.</summary>
internal sealed class SlackSender(HookClient hooks) : INoticeSender
{
    // Slack's limits for a section are 3,000 characters, and 2,000 and ten for its fields.
    private const int MostFields = 10;

    public Task<SendResult> SendAsync(OutgoingNotice outgoing, CancellationToken cancel) =>
        hooks.PostAsync(outgoing.Secret.Address!, HookClient.Write(Body(outgoing)), [], cancel);

    private static JsonObject Body(OutgoingNotice outgoing) => new()
    {
        // What notifications and old clients show.
        ["text"] = Escaped(outgoing.Headline),
        ["blocks"] = new JsonArray(
            new JsonObject { ["type"] = "section", ["text"] = Mark($"{Icon(outgoing.Notice)} *{Escaped(outgoing.Headline)}*") },
            new JsonObject
            {
                ["type"] = "section",
                ["fields"] = new JsonArray([.. outgoing.Lines.Take(MostFields).Select(line => Mark($"*{Escaped(line.Name)}*\n{Escaped(line.Value)}"))]),
            }),
    };

    private static string Icon(AlertNotice notice) => notice.Transition switch
    {
        AlertTransition.Resolved => ":white_check_mark:",
        AlertTransition.Acknowledged => ":eyes:",
        AlertTransition.Raised => notice.Severity == AlertSeverity.Critical ? ":rotating_light:" : ":warning:",
    };

    private static JsonObject Mark(string text) => new() { ["type"] = "mrkdwn", ["text"] = text };

    /// <summary>The three characters that Slack gives a meaning: links and mentions are made with them.</summary>
    private static string Escaped(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
