using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Tokens;

/// <summary>What both token endpoints answer.</summary>
internal static class TokenAnswer
{
    public static Task IssueAsync(Exchange exchange, ModelCall call, string prefix, bool withExtension)
    {
        var lifetime = call.Knobs.ExpiresInSeconds ?? exchange.Sandbox.Options.TokenLifetimeSeconds;
        var token = exchange.Sandbox.Ids.Next(prefix);
        exchange.Sandbox.Tokens.Add(token, lifetime);
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        buffer.Json.WriteString("access_token"u8, token);
        buffer.Json.WriteNumber("expires_in"u8, lifetime);
        if (withExtension)
            buffer.Json.WriteNumber("ext_expires_in"u8, lifetime);
        buffer.Json.WriteString("token_type"u8, "Bearer"u8);
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    public static Task RefuseAsync(Exchange exchange, int status, string code, string message) =>
        Answers.RefuseAsync(exchange, new Refusal(status, message, code) { NativeCode = code });
}
