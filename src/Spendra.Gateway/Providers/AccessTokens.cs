using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Spendra.Gateway.Forwarding;

namespace Spendra.Gateway.Providers;

/// <summary>A token that opens a provider's API for a while.</summary>
internal sealed record AccessToken(string Value, DateTimeOffset ExpiresAt);

/// <summary>Buys a token; null when the service that sells it refused or could not be reached.</summary>
/// <param name="network">The network, with the rules of <see cref="AddressRules"/>. Not to be disposed.</param>
/// <param name="time">The clock.</param>
/// <param name="cancel">Ends the attempt.</param>
internal delegate Task<AccessToken?> TokenPurchase(HttpMessageHandler network, TimeProvider time, CancellationToken cancel);

/// <summary>
/// Access tokens that long-lived credentials buy, kept until shortly before they expire. One request for each credential
/// at a time, whose outcome all who wait share; a failure is not kept. One per gateway.
/// </summary>
internal sealed class AccessTokens(GatewayOptions options, TimeProvider time) : IDisposable
{
    /// <summary>How long before its end a token is replaced.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    // By digest: what stands here longest should not be a secret.
    private readonly ConcurrentDictionary<string, Slot> _slots = new();
    private readonly Lazy<HttpMessageHandler> _network = new(() =>
        UpstreamClient.MakeHandler(options.AllowPrivateUpstreams, TimeSpan.FromSeconds(options.UpstreamConnectSeconds)));

    /// <summary>Whether tokens may be bought without TLS, and at addresses of the own network.</summary>
    public bool AllowsPrivate => options.AllowPrivateUpstreams;

    /// <summary>A token that is good for now, or null.</summary>
    public async ValueTask<string?> GetAsync(string credential, TokenPurchase buy, CancellationToken cancel)
    {
        var slot = _slots.GetOrAdd(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(credential))), _ => new Slot());
        if (slot.ValueUntil(time.GetUtcNow() + Margin) is { } fresh) return fresh;
        Task purchase;
        lock (slot) purchase = slot.Purchase ??= BuyAsync(slot, buy);
        await purchase.WaitAsync(cancel);
        // The old one is good until it ends, when there is no new one.
        return slot.ValueUntil(time.GetUtcNow());
    }

    public void Dispose()
    {
        if (_network.IsValueCreated) _network.Value.Dispose();
    }

    private async Task BuyAsync(Slot slot, TokenPurchase buy)
    {
        // Not before the caller has left the lock and put this task into the slot.
        await Task.Yield();
        try
        {
            using var limit = new CancellationTokenSource(MaxWait, time);
            slot.Token = await buy(_network.Value, time, limit.Token) ?? slot.Token;
        }
        catch (OperationCanceledException)
        {
            // Too slow is as good as refused.
        }
        finally
        {
            lock (slot) slot.Purchase = null;
            Prune();
        }
    }

    /// <summary>Forgets tokens of credentials that are not used any more.</summary>
    private void Prune()
    {
        var now = time.GetUtcNow();
        foreach (var (digest, slot) in _slots)
        {
            if (slot is { Purchase: null, Token: { } token } && token.ExpiresAt <= now) _slots.TryRemove(digest, out _);
        }
    }

    private sealed class Slot
    {
        public AccessToken? Token { get; set; }

        public Task? Purchase { get; set; }

        public string? ValueUntil(DateTimeOffset instant) => Token is { } token && token.ExpiresAt > instant ? token.Value : null;
    }
}
