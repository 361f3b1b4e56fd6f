using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Tokens;

/// <summary><c>POST /{tenant}/oauth2/v2.0/token</c>: an application trades its secret or its assertion for an access token.</summary>
internal static class EntraTokenAnswer
{
    private const string AllPermissions = "/.default";

    public static Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var fields = call.Fields!;
        if (fields.Text("grant_type") is not "client_credentials")
            return TokenAnswer.RefuseAsync(exchange, 400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.");
        if (string.IsNullOrEmpty(fields.Text("client_id")))
            return TokenAnswer.RefuseAsync(exchange, 400, "invalid_request", "AADSTS900144: The request body must contain 'client_id'.");
        if (string.IsNullOrEmpty(fields.Text("client_secret")) && string.IsNullOrEmpty(fields.Text("client_assertion")))
            return TokenAnswer.RefuseAsync(exchange, 401, "invalid_client", "AADSTS7000216: 'client_secret' or 'client_assertion' is required.");
        // Knobs may follow the scope; a real one has no space.
        var scope = fields.Text("scope")?.Split(' ')[0] ?? "";
        return scope.EndsWith(AllPermissions, StringComparison.Ordinal)
            ? TokenAnswer.IssueAsync(exchange, call, "eyJ0eXAi.", withExtension: true)
            : TokenAnswer.RefuseAsync(exchange, 400, "invalid_scope", $"AADSTS1002012: The scope '{scope}' is not valid; it must end with {AllPermissions}.");
    }
}
