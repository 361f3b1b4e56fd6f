using System.Globalization;
using System.Text.Json;
using Spendra.Sandbox.Azure;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Providers;

/// <summary>The body of an error answer in the shape of each provider.</summary>
internal static class ErrorShapes
{
    public static void Write(Utf8JsonWriter json, SandboxProvider provider, Refusal refusal)
    {
        // Google's answers to OpenAI's dialect wrap the error in an array.
        var isArray = provider is SandboxProvider.Gemini or SandboxProvider.Vertex;
        if (isArray)
            json.WriteStartArray();
        json.WriteStartObject();
        WriteMembers(json, provider, refusal);
        json.WriteEndObject();
        if (isArray)
            json.WriteEndArray();
    }

    /// <summary>The same without the braces around it, as an event of a stream has it.</summary>
    public static void WriteMembers(Utf8JsonWriter json, SandboxProvider provider, Refusal refusal)
    {
        switch (provider)
        {
            case SandboxProvider.OpenAI or SandboxProvider.Anthropic:
                Answers.WriteError(json, refusal);
                break;
            case SandboxProvider.OpenRouter:
                WriteOpenRouter(json, refusal);
                break;
            case SandboxProvider.Gemini or SandboxProvider.Vertex:
                WriteGoogle(json, refusal);
                break;
            case SandboxProvider.Azure:
                AzureErrors.Write(json, refusal);
                break;
            case SandboxProvider.GoogleIdentity or SandboxProvider.Entra:
                json.WriteString("error"u8, refusal.NativeCode ?? (refusal.Status >= 500 ? "server_error" : "invalid_request"));
                json.WriteString("error_description"u8, refusal.Message);
                break;
            case SandboxProvider.Mcp:
                WriteJsonRpc(json, refusal);
                break;
        }
    }

    private static void WriteOpenRouter(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, refusal.Status);
        json.WriteString("message"u8, refusal.Message);
        json.WriteStartObject("metadata"u8);
        if (refusal.NativeCode is not null)
            json.WriteString("limit_source"u8, refusal.NativeCode);
        else if (refusal.Status is 429 or >= 500)
            json.WriteString("provider_name"u8, "Sandbox"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteGoogle(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, refusal.Status);
        json.WriteString("message"u8, refusal.Message);
        json.WriteString("status"u8, refusal.NativeCode ?? GoogleStatus(refusal.Status));
        if (refusal.RetryAfterSeconds is { } seconds)
        {
            json.WriteStartArray("details"u8);
            json.WriteStartObject();
            json.WriteString("@type"u8, "type.googleapis.com/google.rpc.RetryInfo"u8);
            json.WriteString("retryDelay"u8, seconds.ToString(CultureInfo.InvariantCulture) + "s");
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteJsonRpc(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteString("jsonrpc"u8, "2.0"u8);
        json.WriteNull("id"u8);
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, -32000);
        json.WriteString("message"u8, refusal.Message);
        json.WriteEndObject();
    }

    private static string GoogleStatus(int status) => status switch
    {
        401 => "UNAUTHENTICATED",
        402 or 429 => "RESOURCE_EXHAUSTED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        499 => "CANCELLED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
}
