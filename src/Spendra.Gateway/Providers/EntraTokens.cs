using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Spendra.Gateway.Providers;

/// <summary>
/// Access tokens from Microsoft Entra by the grant of client credentials (RFC 6749 §4.4). A token is kept until shortly
/// before it expires; whoever needs one meanwhile waits for the one request that fetches it. Failures are not kept.
/// </summary>
internal sealed partial class EntraTokens(HttpMessageInvoker http, TimeProvider time, ILogger logger) : IDisposable
{
    private const int MaxAnswerBytes = 64 * 1024;
    private const int MaxTokenLength = 16 * 1024;

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan MaxMargin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<EntraApplication, Slot> _slots = new();

    /// <summary>A token for an application, or null when none can be had now.</summary>
    public async ValueTask<string?> FindAsync(EntraApplication application, CancellationToken cancel)
    {
        var slot = _slots.GetOrAdd(application, static _ => new Slot());
        Task<Token?> fetching;
        lock (slot.Gate)
        {
            if (slot.Token is { } known && time.GetUtcNow() < known.RefreshAt) return known.Text;
            fetching = slot.Fetching ??= FetchIntoAsync(slot, application);
        }
        return (await fetching.WaitAsync(cancel))?.Text;
    }

    public void Dispose() => http.Dispose();

    private async Task<Token?> FetchIntoAsync(Slot slot, EntraApplication application)
    {
        // The caller holds the slot's lock until this is noted in it.
        await Task.Yield();
        Token? fetched = null;
        try
        {
            fetched = await FetchAsync(application);
        }
        finally
        {
            lock (slot.Gate)
            {
                slot.Token = fetched ?? (time.GetUtcNow() < slot.Token?.ExpiresAt ? slot.Token : null);
                slot.Fetching = null;
                fetched = slot.Token;
            }
        }
        return fetched;
    }

    private async Task<Token?> FetchAsync(EntraApplication application)
    {
        using var patience = new CancellationTokenSource(MaxWait, time);
        using var request = new HttpRequestMessage(HttpMethod.Post, application.TokenAddress)
        {
            Content = new FormUrlEncodedContent(
            [
                new("grant_type", "client_credentials"), new("client_id", application.ClientId),
                new("client_secret", application.ClientSecret), new("scope", application.Scope),
            ]),
        };
        try
        {
            var askedAt = time.GetUtcNow();
            using var response = await http.SendAsync(request, patience.Token);
            await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, patience.Token);
            var answer = await response.Content.ReadAsByteArrayAsync(patience.Token);
            var token = response.IsSuccessStatusCode ? Read(answer, askedAt) : null;
            if (token is null) LogRefused(logger, application, (int)response.StatusCode);
            return token;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            LogUnreachable(logger, application, e.GetType().Name);
            return null;
        }
    }

    private static Token? Read(byte[] answer, DateTimeOffset askedAt)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return null;
            if (!root.TryGetProperty("access_token", out var named) || named.ValueKind != JsonValueKind.String) return null;
            if (named.GetString() is not { Length: > 0 and <= MaxTokenLength } text || text.Any(c => c is <= ' ' or > '~')) return null;
            if (!root.TryGetProperty("expires_in", out var lasts) || lasts.ValueKind != JsonValueKind.Number) return null;
            if (!lasts.TryGetInt64(out var seconds) || seconds <= 0) return null;
            var lifetime = TimeSpan.FromSeconds(Math.Min(seconds, (long)MaxLifetime.TotalSeconds));
            var margin = lifetime / 5 < MaxMargin ? lifetime / 5 : MaxMargin;
            return new Token(text, askedAt + lifetime - margin, askedAt + lifetime);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private sealed class Slot
    {
        public Lock Gate { get; } = new();
        public Token? Token { get; set; }
        public Task<Token?>? Fetching { get; set; }
    }

    private sealed record Token(string Text, DateTimeOffset RefreshAt, DateTimeOffset ExpiresAt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Microsoft Entra gave no token to application {Application}: status {Status}")]
    private static partial void LogRefused(ILogger logger, EntraApplication application, int status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Microsoft Entra could not be reached for application {Application}: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, EntraApplication application, string reason);
}
