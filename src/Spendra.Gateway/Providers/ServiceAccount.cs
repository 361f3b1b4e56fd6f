using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Gateway.Forwarding;

namespace Spendra.Gateway.Providers;

/// <summary>
/// A service account of Google's, as its key file describes it. Its tokens are bought with an assertion that is signed
/// with its key (RFC 7523). Google's own library is not used: it fails on an answer without a body, names its own
/// audience whatever the key file says, and brings four packages along.
/// </summary>
internal sealed partial class ServiceAccount
{
    private const string Scope = "https://www.googleapis.com/auth/cloud-platform";
    private const string Type = "service_account";
    private const string Grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    private const int AssertionSeconds = 3600;
    private const int MaxAnswerBytes = 64 * 1024;

    // What a token is believed to be good for at most, whatever its seller says.
    private const long MaxSeconds = 24 * 3600;

    private readonly KeyFile _file;
    private readonly Uri _seller;

    private ServiceAccount(KeyFile file, Uri seller) => (_file, _seller) = (file, seller);

    /// <summary>The account of a key file; null when it is none, or when its tokens are sold at an address that is not safe.</summary>
    /// <param name="json">The key file.</param>
    /// <param name="allowsPrivate">Whether an address without TLS may be loopback.</param>
    public static ServiceAccount? Parse(string json, bool allowsPrivate)
    {
        try
        {
            var file = JsonSerializer.Deserialize(json, TokenJson.Default.KeyFile);
            if (file is not { Type: Type, ClientEmail.Length: > 0, PrivateKey.Length: > 0, TokenUri.Length: > 0 }) return null;
            if (!Uri.TryCreate(file.TokenUri, UriKind.Absolute, out var seller)) return null;
            var isSafe = seller.Scheme == Uri.UriSchemeHttps || (allowsPrivate && seller.Scheme == Uri.UriSchemeHttp && seller.IsLoopback);
            return isSafe && HasKey(file) ? new ServiceAccount(file, seller) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Buys an access token: one attempt, no redirects.</summary>
    public async Task<AccessToken?> BuyAsync(HttpMessageHandler network, TimeProvider time, CancellationToken cancel)
    {
        using var invoker = new HttpMessageInvoker(network, disposeHandler: false);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _seller)
            {
                Content = new FormUrlEncodedContent([new("grant_type", Grant), new("assertion", Sign(time.GetUtcNow()))]),
            };
            using var response = await invoker.SendAsync(request, cancel);
            if (response.StatusCode != HttpStatusCode.OK) return null;
            await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancel);
            var sold = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancel), TokenJson.Default.SoldToken);
            return sold is { AccessToken: { Length: > 0 } value, Seconds: > 0 and var seconds } && Ascii.IsValid(value)
                ? new AccessToken(value, time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(seconds, MaxSeconds)))
                : null;
        }
        catch (Exception e) when (e is HttpRequestException or UpstreamAddressException or IOException or JsonException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>A JSON Web Token that says who buys, what for, from whom and when.</summary>
    private string Sign(DateTimeOffset now)
    {
        var issuedAt = now.ToUnixTimeSeconds();
        var header = new AssertionHeader("RS256", "JWT", _file.PrivateKeyId);
        var claims = new AssertionClaims(_file.ClientEmail!, Scope, _file.TokenUri!, issuedAt, issuedAt + AssertionSeconds);
        var signed = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(header, TokenJson.Default.AssertionHeader))
            + "." + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims, TokenJson.Default.AssertionClaims));
        using var key = RSA.Create();
        key.ImportFromPem(_file.PrivateKey);
        return signed + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static bool HasKey(KeyFile file)
    {
        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(file.PrivateKey);
            // A public key is read as well, and signs nothing.
            CryptographicOperations.ZeroMemory(key.ExportRSAPrivateKey());
            return true;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return false;
        }
    }

    private sealed record KeyFile(
        [property: JsonPropertyName("type")] string? Type,
        [property: JsonPropertyName("client_email")] string? ClientEmail,
        [property: JsonPropertyName("private_key")] string? PrivateKey,
        [property: JsonPropertyName("private_key_id")] string? PrivateKeyId,
        [property: JsonPropertyName("token_uri")] string? TokenUri);

    private sealed record SoldToken(
        [property: JsonPropertyName("access_token")] string? AccessToken,
        [property: JsonPropertyName("expires_in")] long Seconds);

    private sealed record AssertionHeader(
        [property: JsonPropertyName("alg")] string Algorithm,
        [property: JsonPropertyName("typ")] string Type,
        [property: JsonPropertyName("kid")] string? KeyId);

    private sealed record AssertionClaims(
        [property: JsonPropertyName("iss")] string Issuer,
        [property: JsonPropertyName("scope")] string Scope,
        [property: JsonPropertyName("aud")] string Audience,
        [property: JsonPropertyName("iat")] long IssuedAt,
        [property: JsonPropertyName("exp")] long ExpiresAt);

    [JsonSerializable(typeof(KeyFile))]
    [JsonSerializable(typeof(SoldToken))]
    [JsonSerializable(typeof(AssertionHeader))]
    [JsonSerializable(typeof(AssertionClaims))]
    private sealed partial class TokenJson : JsonSerializerContext;
}
