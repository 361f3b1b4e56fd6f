using System.Text.Json;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary>
/// Errors in Google's shape: <c>{"error":{code,message,status,details}}</c>. When to retry stands in the details, not in
/// a header. A stream without <c>alt=sse</c> answers them in an array.
/// </summary>
internal static class GeminiErrors
{
    private const string Rpc = "type.googleapis.com/google.rpc.";

    public static readonly Refusal NoApiKey = new(
        403, "Method doesn't allow unregistered callers. Please use API Key or other form of API consumer identity to call this API.", "");

    /// <summary>A wrong key is a bad argument to the Gemini API, not a failed login.</summary>
    public static readonly Refusal WrongApiKey = Invalid("API key not valid. Please pass a valid API key.") with { Code = "API_KEY_INVALID" };

    public static readonly Refusal NoCredentials = new(
        401, "Request is missing required authentication credential. Expected OAuth 2 access token.", "", Code: "CREDENTIALS_MISSING");

    public static readonly Refusal WrongCredentials = new(
        401, "Request had invalid authentication credentials. Expected OAuth 2 access token.", "", Code: "ACCESS_TOKEN_TYPE_UNSUPPORTED");

    public static readonly Refusal UnreadableJson = Invalid("Invalid JSON payload received.");

    public static Refusal Invalid(string message) => new(400, message, "");

    public static Refusal NoModel(string model) => new(404, $"models/{model} is not found for API version v1beta.", "");

    /// <summary>What Google says with a status that a knob asked for.</summary>
    public static Refusal OfStatus(int status) => status switch
    {
        401 => WrongCredentials,
        402 => new(402, "Your prepaid credits are depleted.", ""),
        403 => new(403, "The caller does not have permission", ""),
        404 => new(404, "Requested entity was not found.", ""),
        429 => new(429, "Resource has been exhausted (e.g. check quota).", ""),
        503 => new(503, "The model is overloaded. Please try again later.", ""),
        504 => new(504, "Deadline expired before operation could complete.", ""),
        >= 500 => new(status, "An internal error has occurred.", ""),
        _ => new(status, "The request was refused.", ""),
    };

    public static void Write(Utf8JsonWriter json, Exchange exchange, Refusal refusal)
    {
        var isInArray = exchange.Match.Route is SandboxRoute.StreamGenerateContent && !ContentStream.IsSse(exchange);
        if (isInArray)
            json.WriteStartArray();
        json.WriteStartObject();
        WriteError(json, refusal);
        json.WriteEndObject();
        if (isInArray)
            json.WriteEndArray();
    }

    /// <summary>Writes the member <c>error</c> of the current object.</summary>
    public static void WriteError(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, refusal.Status);
        json.WriteString("message"u8, refusal.Message);
        json.WriteString("status"u8, NameOf(refusal.Status));
        if (refusal.Status is 429 || refusal.Code is not null)
            WriteDetails(json, refusal);
        json.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartArray("details"u8);
        if (refusal.Status is 429)
        {
            json.WriteStartObject();
            json.WriteString("@type"u8, Rpc + "RetryInfo");
            json.WriteString("retryDelay"u8, "1s"u8);
            json.WriteEndObject();
        }
        if (refusal.Code is { } reason)
        {
            json.WriteStartObject();
            json.WriteString("@type"u8, Rpc + "ErrorInfo");
            json.WriteString("reason"u8, reason);
            json.WriteString("domain"u8, "googleapis.com"u8);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string NameOf(int status) => status switch
    {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        402 or 429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
}
