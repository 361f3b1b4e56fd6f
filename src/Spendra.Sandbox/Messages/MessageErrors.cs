using System.Text.Json;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Messages;

/// <summary>Errors in Anthropic's shape: <c>{"type":"error","error":{type,message},"request_id"}</c>.</summary>
internal static class MessageErrors
{
    public static readonly Refusal NoApiKey = new(401, "x-api-key header is required", "");

    public static readonly Refusal WrongApiKey = new(401, "invalid x-api-key", "");

    public static readonly Refusal NoVersion = Invalid("anthropic-version: header is required");

    public static readonly Refusal UnreadableJson = Invalid("The request body is not valid JSON.");

    public static Refusal Invalid(string message) => new(400, message, "");

    /// <summary>What Anthropic says with a status that a knob asked for.</summary>
    public static Refusal OfStatus(int status) => status switch
    {
        401 => WrongApiKey,
        402 => new(402, "Your credit balance is too low to access the Anthropic API.", ""),
        403 => new(403, "Your API key does not have permission to use the specified resource.", ""),
        404 => new(404, "model: not found", ""),
        429 => new(429, "This request would exceed your organization's rate limit.", ""),
        504 => new(504, "The request timed out.", ""),
        529 => new(529, "Overloaded", ""),
        >= 500 => new(status, "Internal server error", ""),
        _ => new(status, "The request was refused.", ""),
    };

    public static void Write(Utf8JsonWriter json, Exchange exchange, Refusal refusal)
    {
        if (refusal.Status is 429)
            exchange.Context.Response.Headers.RetryAfter = "1";
        json.WriteStartObject();
        WriteMembers(json, exchange, refusal);
        json.WriteEndObject();
    }

    /// <summary>Writes the members of an error, which is a whole answer or the last event of a stream.</summary>
    public static void WriteMembers(Utf8JsonWriter json, Exchange exchange, Refusal refusal)
    {
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, TypeOf(refusal.Status));
        json.WriteString("message"u8, refusal.Message);
        json.WriteEndObject();
        json.WriteString("request_id"u8, MessageHeaders.RequestIdOf(exchange));
    }

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
