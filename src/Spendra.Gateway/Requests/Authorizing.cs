using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Providers;
using Spendra.Storage.Keys;

namespace Spendra.Gateway.Requests;

/// <summary>Step 7's beginning: where an admitted call goes, and by which credential.</summary>
internal static partial class Authorizing
{
    public static Uri AddressOf(GovernedCall call, GatewayParts parts, string query)
    {
        var provider = call.Route.Provider;
        return UpstreamProvider.AddressOf(call.IsTest ? SandboxUrl(provider, parts) : call.Account!.BaseUrl, provider.PathOf(call), query);
    }

    /// <summary>Puts the account's credential into a request; or says why it cannot.</summary>
    public static async ValueTask<GatewayError?> AuthorizeAsync(
        GovernedCall call, GatewayParts parts, HttpRequestHeaders headers, UpstreamPatience patience)
    {
        if (Credential(call, parts) is not { } credential) return NoCredential(call);
        patience.AwaitHeaders();
        return await call.Route.Provider.AuthorizeAsync(headers, credential, parts.Tokens, patience.Token) switch
        {
            CredentialOutcome.Present => null,
            CredentialOutcome.Malformed => NoCredential(call),
            CredentialOutcome.NoToken => new GatewayError(503, "api_error", "provider_unavailable",
                $"No access token could be had for provider account '{call.Account!.Slug}'. Nothing was sent or spent; try again shortly.") { RetryAfter = 5 },
        };
    }

    private static string? Credential(GovernedCall call, GatewayParts parts)
    {
        if (call.IsTest) return "sandbox";
        try
        {
            return parts.Credentials.Open(call.Snapshot.OrganizationId, call.Account!);
        }
        catch (MasterKeyException e)
        {
            LogSealed(parts.Logger, call.RequestId, call.Account!.Slug, e);
            return null;
        }
    }

    private static string SandboxUrl(UpstreamProvider provider, GatewayParts parts) => provider.SandboxUrl(
        parts.Options.SandboxUrl ?? throw new InvalidOperationException("a test key was admitted without a sandbox"));

    private static GatewayError NoCredential(GovernedCall call) => new(503, "api_error", "provider_unavailable",
        $"The credential of provider account '{call.Account!.Slug}' is not available to the gateway. Ask the platform's owner to set it.");

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId}: the credential of provider account {Account} cannot be opened")]
    private static partial void LogSealed(ILogger logger, Guid requestId, string account, Exception error);
}
