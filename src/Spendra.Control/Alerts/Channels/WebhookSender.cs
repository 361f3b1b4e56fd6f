using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Spendra.Core.Alerts;
using Spendra.Storage;

namespace Spendra.Control.Alerts.Channels;

/// <summary>
/// Any address, signed by the Standard Webhooks scheme: HMAC-SHA-256 with the channel's secret over id, time and body, so that a
/// receiver knows that it is we who speak, that nothing was altered, and when it hears the same again.
/// </summary>
internal sealed class WebhookSender(HookClient hooks, TimeProvider time) : INoticeSender
{
    /// <summary>How secrets begin; base64 follows.</summary>
    public const string SecretPrefix = "whsec_";

    public Task<SendResult> SendAsync(OutgoingNotice outgoing, CancellationToken cancel)
    {
        var body = HookClient.Write(Body(outgoing));
        var (id, timestamp) = (outgoing.DeliveryId.ToString(), time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        return hooks.PostAsync(outgoing.Secret.Address!, body,
            [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", Sign(outgoing.Secret.Secret!, id, timestamp, body))], cancel);
    }

    /// <summary>The key of a secret, or null: 24 to 64 bytes in base64 behind the prefix, as the scheme has it.</summary>
    public static byte[]? KeyOf(string secret)
    {
        if (!secret.StartsWith(SecretPrefix, StringComparison.Ordinal)) return null;
        var key = new byte[secret.Length];
        return Convert.TryFromBase64String(secret[SecretPrefix.Length..], key, out var length) && length is >= 24 and <= 64 ? key[..length] : null;
    }

    private static string Sign(string secret, string id, string timestamp, byte[] body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{id}.{timestamp}."), .. body];
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(KeyOf(secret)!, signed));
    }

    private static JsonObject Body(OutgoingNotice outgoing)
    {
        var n = outgoing.Notice;
        return new JsonObject
        {
            ["type"] = outgoing.IsTest ? "alert.test" : $"alert.{AlertNames.Of(n.Transition)}",
            ["timestamp"] = InstantText.Of(n.At),
            ["data"] = new JsonObject
            {
                ["alertId"] = n.AlertId.ToString(), ["organization"] = n.Organization, ["kind"] = AlertNames.Of(n.Kind), ["severity"] = AlertNames.Of(n.Severity),
                ["scope"] = n.Scope, ["subject"] = n.Subject, ["title"] = n.Title, ["raisedAt"] = InstantText.Of(n.RaisedAt), ["by"] = n.By,
                ["facts"] = new JsonObject(n.Facts.Select(f => KeyValuePair.Create<string, JsonNode?>(f.Name, f.Value))),
            },
        };
    }
}
