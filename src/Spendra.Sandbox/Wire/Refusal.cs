using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Wire;

/// <summary>An error answer in OpenAI's shape: <c>{"error":{message,type,param,code}}</c>.</summary>
internal sealed record Refusal(int Status, string Message, string Type, string? Param = null, string? Code = null)
{
    private const string InvalidRequest = "invalid_request_error";

    /// <summary>A code in the words of the provider that is asked; <see langword="null"/> for the one it has by default.</summary>
    public string? NativeCode { get; init; }

    /// <summary>When to come again; <see langword="null"/> says nothing about it.</summary>
    public int? RetryAfterSeconds { get; init; } = Status is 429 or 503 ? 1 : null;

    public static Refusal Invalid(string message, string? param = null, string? code = null) =>
        new(400, message, InvalidRequest, param, code);

    public static Refusal Missing(string param) =>
        Invalid($"Missing required parameter: '{param}'.", param, "missing_required_parameter");

    public static Refusal WrongType(string param, string expected) =>
        Invalid($"Invalid type for '{param}': expected {expected}.", param, "invalid_type");

    public static Refusal OutOfRange(string param, long least, long most) =>
        Invalid($"Invalid '{param}': expected an integer from {least} to {most}.", param, "invalid_value");

    public static Refusal BelowMinimum(string param, long least, long value) => Invalid(
        $"Invalid '{param}': integer below minimum value. Expected a value >= {least}, but got {value} instead.",
        param, "integer_below_min_value");

    public static Refusal NotFound(string message, string? param = null, string? code = null) =>
        new(404, message, InvalidRequest, param, code);

    public static Refusal UnknownUrl(string method, string path) =>
        new(404, $"Invalid URL ({method} {path})", InvalidRequest);

    public static Refusal BadDirective(string fault) => Invalid(fault, "metadata", "sandbox_directive");

    public static readonly Refusal UnreadableJson = Invalid(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        + "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)");

    public static readonly Refusal TooLarge =
        new(413, "The request body is larger than the sandbox accepts.", InvalidRequest, null, "request_too_large");

    public static readonly Refusal NoApiKey = new(
        401, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        + "(i.e. Authorization: Bearer YOUR_KEY).", InvalidRequest);

    public static readonly Refusal WrongApiKey =
        new(401, "Incorrect API key provided.", InvalidRequest, null, "invalid_api_key");

    public static readonly Refusal FilteredPrompt = Invalid(
        "The prompt was refused by the content management policy. Please change it and try again.", "prompt", "content_filter");

    /// <summary>The error that knobs ask for.</summary>
    public static Refusal OfKnobs(int status, Knobs knobs)
    {
        var plain = OfStatus(status);
        return plain with
        {
            Type = knobs.ErrorType ?? plain.Type,
            Code = knobs.ErrorCode ?? plain.Code,
            NativeCode = knobs.ErrorCode,
            RetryAfterSeconds = knobs.RetryAfterSeconds ?? plain.RetryAfterSeconds,
        };
    }

    /// <summary>What the provider says with a status that a knob asked for.</summary>
    public static Refusal OfStatus(int status) => status switch
    {
        401 => WrongApiKey,
        403 => new(403, "You are not allowed to do this.", InvalidRequest, null, "forbidden"),
        404 => new(404, "The model does not exist or you do not have access to it.", InvalidRequest, null, "model_not_found"),
        429 => new(429, "Rate limit reached. Please try again in 1s.", "requests", null, "rate_limit_exceeded"),
        503 => new(503, "The engine is currently overloaded, please try again later.", "server_error", null, "service_unavailable"),
        >= 500 => new(status, "The server had an error while processing your request. Sorry about that!", "server_error"),
        _ => new(status, "The request was refused.", InvalidRequest),
    };
}
