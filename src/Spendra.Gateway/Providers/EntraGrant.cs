using System.Text.Json;
using Microsoft.Extensions.Logging;
using Spendra.Gateway.Forwarding;

namespace Spendra.Gateway.Providers;

/// <summary>Buys access tokens from Microsoft Entra by the grant of client credentials (RFC 6749 §4.4).</summary>
internal sealed partial class EntraGrant(EntraApplication application, ILogger logger)
{
    private const int MaxAnswerBytes = 64 * 1024;
    private const int MaxTokenLength = 16 * 1024;

    private static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(1);

    /// <summary>Buys an access token: one attempt, no redirects.</summary>
    public async Task<AccessToken?> BuyAsync(HttpMessageHandler network, TimeProvider time, CancellationToken cancel)
    {
        using var http = new HttpMessageInvoker(network, disposeHandler: false);
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
            using var response = await http.SendAsync(request, cancel);
            await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancel);
            var answer = await response.Content.ReadAsByteArrayAsync(cancel);
            var token = response.IsSuccessStatusCode ? Read(answer, askedAt) : null;
            if (token is null) LogRefused(logger, application, (int)response.StatusCode);
            return token;
        }
        catch (Exception e) when (e is HttpRequestException or UpstreamAddressException or OperationCanceledException or IOException)
        {
            LogUnreachable(logger, application, e.GetType().Name);
            return null;
        }
    }

    private static AccessToken? Read(byte[] answer, DateTimeOffset askedAt)
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
            return new AccessToken(text, askedAt + TimeSpan.FromSeconds(Math.Min(seconds, (long)MaxLifetime.TotalSeconds)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Microsoft Entra gave no token to application {Application}: status {Status}")]
    private static partial void LogRefused(ILogger logger, EntraApplication application, int status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Microsoft Entra could not be reached for application {Application}: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, EntraApplication application, string reason);
}
