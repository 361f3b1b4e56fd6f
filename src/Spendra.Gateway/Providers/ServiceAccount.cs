using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Responses;
using Google.Apis.Http;
using Google.Apis.Util;
using Spendra.Gateway.Forwarding;

namespace Spendra.Gateway.Providers;

/// <summary>A service account of Google's, as its key file describes it.</summary>
internal sealed partial class ServiceAccount
{
    private const string Scope = "https://www.googleapis.com/auth/cloud-platform";
    private const string Type = "service_account";

    // What a token is believed to be good for at most, whatever its seller says.
    private const long MaxSeconds = 24 * 3600;

    private readonly KeyFile _file;

    private ServiceAccount(KeyFile file) => _file = file;

    /// <summary>The account of a key file; null when it is none, or when its tokens are sold at an address that is not safe.</summary>
    /// <param name="json">The key file.</param>
    /// <param name="allowsPrivate">Whether an address without TLS may be loopback.</param>
    public static ServiceAccount? Parse(string json, bool allowsPrivate)
    {
        try
        {
            var file = JsonSerializer.Deserialize(json, KeyFileJson.Default.KeyFile);
            if (file is not { Type: Type, ClientEmail.Length: > 0, PrivateKey.Length: > 0, TokenUri.Length: > 0 }) return null;
            if (!Uri.TryCreate(file.TokenUri, UriKind.Absolute, out var seller)) return null;
            var isSafe = seller.Scheme == Uri.UriSchemeHttps || (allowsPrivate && seller.Scheme == Uri.UriSchemeHttp && seller.IsLoopback);
            return isSafe && HasKey(file) ? new ServiceAccount(file) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Buys an access token: one attempt, no redirects.</summary>
    public async Task<AccessToken?> BuyAsync(HttpMessageHandler network, TimeProvider time, CancellationToken cancel)
    {
        using var key = RSA.Create();
        key.ImportFromPem(_file.PrivateKey);
        var credential = new ServiceAccountCredential(new ServiceAccountCredential.Initializer(_file.ClientEmail!, _file.TokenUri!)
        {
            Key = key,
            KeyId = _file.PrivateKeyId,
            Scopes = [Scope],
            Clock = new Clock(time),
            DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
            // The client that it makes is never disposed, and with it the network, which belongs to all who buy tokens.
            HttpClientFactory = new HttpClientFromMessageHandlerFactory(_ => new(network, false, false)),
        });
        credential.HttpClient.MessageHandler.NumTries = 1;
        credential.HttpClient.MessageHandler.FollowRedirect = false;
        try
        {
            if (!await credential.RequestAccessTokenAsync(cancel)) return null;
        }
        catch (Exception e) when (e is TokenResponseException or HttpRequestException or UpstreamAddressException or IOException)
        {
            return null;
        }
        var token = credential.Token;
        if (token is not { AccessToken: { Length: > 0 } value, ExpiresInSeconds: > 0 and var seconds }) return null;
        return new AccessToken(value, time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(seconds, MaxSeconds)));
    }

    private static bool HasKey(KeyFile file)
    {
        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(file.PrivateKey);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return false;
        }
    }

    private sealed class Clock(TimeProvider time) : IClock
    {
        public DateTime Now => time.GetLocalNow().DateTime;

        public DateTime UtcNow => time.GetUtcNow().UtcDateTime;
    }

    internal sealed record KeyFile
    {
        [JsonPropertyName("type")]
        public string? Type { get; init; }

        [JsonPropertyName("client_email")]
        public string? ClientEmail { get; init; }

        [JsonPropertyName("private_key")]
        public string? PrivateKey { get; init; }

        [JsonPropertyName("private_key_id")]
        public string? PrivateKeyId { get; init; }

        [JsonPropertyName("token_uri")]
        public string? TokenUri { get; init; }
    }

    [JsonSerializable(typeof(KeyFile))]
    private sealed partial class KeyFileJson : JsonSerializerContext;
}
