using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Gemini;
using Spendra.Sandbox.Messages;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Dialects;

/// <summary>Answers what does not speak OpenAI's dialect, from the body on: read it, let a fault stand in, answer.</summary>
internal static class NativeAnswer
{
    private static readonly JsonDocumentOptions s_json = new() { MaxDepth = 128 };

    public static async Task AnswerAsync(Exchange exchange, RequestBody body)
    {
        var request = exchange.Context.Request;
        if (exchange.Match.Route is SandboxRoute.Unknown)
            await NativeErrors.RefuseAsync(exchange, Refusal.UnknownUrl(request.Method, request.Path));
        else if (!body.IsComplete)
            await NativeErrors.RefuseAsync(exchange, Refusal.TooLarge);
        else if (exchange.Match.Dialect is Dialect.Anthropic or Dialect.VertexClaude or Dialect.RouterMessages)
            await MessageRoutes.AnswerAsync(exchange, body);
        else
            await GeminiRoutes.AnswerAsync(exchange, body);
    }

    /// <summary>Reads a body, whose strings may turn out not to be text when they are looked at.</summary>
    /// <returns><see langword="null"/> and what was read, or why the body is refused.</returns>
    public static Refusal? Read<T>(RequestBody body, Func<JsonElement, (Refusal? Refusal, T Call)> read, Refusal unreadable, out T? call)
    {
        call = default;
        try
        {
            using var document = JsonDocument.Parse(body.Memory, s_json);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return unreadable;
            (var refusal, call) = read(document.RootElement);
            return refusal;
        }
        // InvalidOperationException: a string that is not valid Unicode.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return unreadable;
        }
    }
}
