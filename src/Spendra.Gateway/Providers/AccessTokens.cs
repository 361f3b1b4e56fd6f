using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
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
internal sealed class AccessTokens(GatewayOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    // How long before its end a token is replaced; of one that ends soon, a fifth of its life.
    private static readonly TimeSpan MaxMargin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    // By digest: what stands here longest should not be a secret.
    private readonly ConcurrentDictionary<string, Slot> _slots = new();
    private readonly Lazy<HttpMessageHandler> _network = new(() =>
        UpstreamClient.MakeHandler(options.AllowPrivateUpstreams, TimeSpan.FromSeconds(options.UpstreamConnectSeconds)));

    /// <summary>Whether tokens may be bought without TLS, and at addresses of the own network.</summary>
    public bool AllowsPrivate => options.AllowPrivateUpstreams;

    /// <summary>For those who sell tokens to say why there is none; never a secret.</summary>
    public ILogger Logger { get; } = logger;

    /// <summary>A token that is good for now, or null.</summary>
    public async ValueTask<string?> GetAsync(string credential, TokenPurchase buy, CancellationToken cancel)
    {
        var slot = _slots.GetOrAdd(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(credential))), _ => new Slot());
        if (slot.FreshAt(time.GetUtcNow()) is { } fresh) return fresh;
        Task purchase;
        lock (slot) purchase = slot.Purchase ??= BuyAsync(slot, buy);
        await purchase.WaitAsync(cancel);
        // The old one is good until it ends, when there is no new one.
        return slot.GoodAt(time.GetUtcNow());
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
            var askedAt = time.GetUtcNow();
            if (await buy(_network.Value, time, limit.Token) is { } token) slot.Keep(token, token.ExpiresAt - MarginOf(token.ExpiresAt - askedAt));
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

    private static TimeSpan MarginOf(TimeSpan lifetime) => lifetime / 5 < MaxMargin ? lifetime / 5 : MaxMargin;

    /// <summary>Forgets tokens of credentials that are not used any more.</summary>
    private void Prune()
    {
        var now = time.GetUtcNow();
        foreach (var (digest, slot) in _slots)
        {
            if (slot is { Purchase: null, HasToken: true } && slot.GoodAt(now) is null) _slots.TryRemove(digest, out _);
        }
    }

    private sealed class Slot
    {
        // One reference, so that a token is never read with the time of another.
        private volatile KeptToken? _kept;

        public Task? Purchase { get; set; }

        public bool HasToken => _kept is not null;

        public void Keep(AccessToken token, DateTimeOffset replaceAt) => _kept = new KeptToken(token, replaceAt);

        /// <summary>The token, unless it is time to replace it.</summary>
        public string? FreshAt(DateTimeOffset now) => _kept is { } kept && now < kept.ReplaceAt ? kept.Token.Value : null;

        /// <summary>The token, unless it has ended.</summary>
        public string? GoodAt(DateTimeOffset now) => _kept is { } kept && now < kept.Token.ExpiresAt ? kept.Token.Value : null;
    }

    private sealed record KeptToken(AccessToken Token, DateTimeOffset ReplaceAt);
}
