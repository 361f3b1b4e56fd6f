namespace Spendra.Gateway.Providers;

/// <summary>How every door of Vertex AI is entered: by an access token of Google's.</summary>
internal static class VertexAccess
{
    /// <summary>Where test keys find the sandbox's project, below its version.</summary>
    public const string SandboxPlace = "/projects/sandbox/locations/global";

    /// <summary>The token of an account: bought with a service account's key file, or the credential itself.</summary>
    public static async ValueTask<(CredentialOutcome Outcome, string Token)> TokenOfAsync(
        string credential, AccessTokens tokens, CancellationToken cancel)
    {
        // What is not a key file is a token already: somebody else renews it.
        if (!credential.StartsWith('{')) return (CredentialOutcome.Present, credential);
        if (ServiceAccount.Parse(credential, tokens.AllowsPrivate) is not { } account) return (CredentialOutcome.Malformed, "");
        return await tokens.GetAsync(credential, account.BuyAsync, cancel) is { } token ? (CredentialOutcome.Present, token) : (CredentialOutcome.NoToken, "");
    }
}
