using System.Text.Json;

namespace Spendra.Gateway.Providers;

/// <summary>
/// An application in Microsoft Entra, as an account's credential names it:
/// <c>{"tenant_id":…,"client_id":…,"client_secret":…}</c>, optionally with <c>scope</c> and <c>authority</c> (the
/// address of a sovereign cloud's sign-in).
/// </summary>
internal sealed record EntraApplication(string TenantId, string ClientId, string ClientSecret, string Scope, Uri Authority)
{
    // Still taken by every resource; newer samples use https://ai.azure.com/.default.
    private const string DefaultScope = "https://cognitiveservices.azure.com/.default";
    private const string DefaultAuthority = "https://login.microsoftonline.com/";

    public Uri TokenAddress => new(Authority, $"{Uri.EscapeDataString(TenantId)}/oauth2/v2.0/token");

    /// <summary>Reads a credential; null when it is not one of these.</summary>
    public static EntraApplication? Parse(string credential)
    {
        try
        {
            using var document = JsonDocument.Parse(credential);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return null;
            if (Text(root, "tenant_id") is not { } tenant || Text(root, "client_id") is not { } client) return null;
            if (Text(root, "client_secret") is not { } secret) return null;
            var authority = Text(root, "authority") ?? DefaultAuthority;
            if (!Uri.TryCreate(authority.TrimEnd('/') + '/', UriKind.Absolute, out var address)) return null;
            // The secret is sent there: in clear only to this machine.
            if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)) return null;
            return new EntraApplication(tenant, client, secret, Text(root, "scope") ?? DefaultScope, address);
        }
        // InvalidOperationException: a text that is not valid Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // A record prints its members, and one of them is a secret.
    public override string ToString() => $"{TenantId}/{ClientId}";

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
