using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Storage.Alerts;
using Spendra.Storage.Keys;

namespace Spendra.Control.Alerts.Channels;

/// <summary>What lets somebody send through a channel: written, never shown, sealed for its row. Prints as redacted.</summary>
/// <param name="Address">Where to: an address may hold a token.</param>
/// <param name="Secret">A password, a routing key or a signing secret.</param>
internal sealed record ChannelSecret(string? Address, string? Secret)
{
    public byte[] Seal(MasterKey masterKey, Guid organizationId, Guid channelId) =>
        masterKey.Seal(organizationId, channelId, JsonSerializer.Serialize(this, ChannelSecretJson.Default.ChannelSecret));

    /// <exception cref="MasterKeyException">Another key sealed it, or it was altered or moved from another row.</exception>
    public static ChannelSecret Open(MasterKey masterKey, Guid organizationId, ChannelRow channel) =>
        JsonSerializer.Deserialize(masterKey.Open(organizationId, channel.ChannelId, channel.Secret), ChannelSecretJson.Default.ChannelSecret)!;

    public override string ToString() => "channel secret [redacted]";
}

[JsonSerializable(typeof(ChannelSecret))]
internal sealed partial class ChannelSecretJson : JsonSerializerContext;
