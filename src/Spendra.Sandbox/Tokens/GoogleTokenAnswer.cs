using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Tokens;

/// <summary>
/// <c>POST /token</c>: a service account trades a signed assertion for an access token. The assertion must be a JWT
/// with its claims; the signature is not checked, since the sandbox has no account to check it against.
/// </summary>
internal static class GoogleTokenAnswer
{
    private const string GrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    private static readonly string[] s_claims = ["iss", "scope", "aud", "exp"];

    public static Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var fields = call.Fields!;
        if (fields.Text("grant_type") != GrantType)
            return TokenAnswer.RefuseAsync(exchange, 400, "unsupported_grant_type", $"Invalid grant_type: {fields.Text("grant_type")}");
        return IsAssertion(fields.Text("assertion"))
            ? TokenAnswer.IssueAsync(exchange, call, "ya29.", withExtension: false)
            : TokenAnswer.RefuseAsync(exchange, 400, "invalid_grant", "Invalid JWT: it needs a header, claims and a signature.");
    }

    private static bool IsAssertion(string? text)
    {
        if (text?.Split('.') is not [var header, var claims, { Length: > 0 }])
            return false;
        try
        {
            using var head = JsonDocument.Parse(WebEncoders.Base64UrlDecode(header));
            using var body = JsonDocument.Parse(WebEncoders.Base64UrlDecode(claims));
            return HasAll(head.RootElement, "alg") && HasAll(body.RootElement, s_claims);
        }
        catch (Exception fault) when (fault is FormatException or JsonException)
        {
            return false;
        }
    }

    private static bool HasAll(JsonElement json, params ReadOnlySpan<string> names)
    {
        if (json.ValueKind is not JsonValueKind.Object)
            return false;
        foreach (var name in names)
        {
            if (!json.TryGetProperty(name, out _))
                return false;
        }
        return true;
    }
}
