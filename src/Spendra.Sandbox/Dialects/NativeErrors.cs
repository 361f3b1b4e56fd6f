using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Gemini;
using Spendra.Sandbox.Messages;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Dialects;

/// <summary>Error answers in the shape of the exchange's dialect. The error's name follows from its status.</summary>
internal static class NativeErrors
{
    /// <summary>What the provider says with a status that a knob asked for.</summary>
    public static Refusal OfKnobs(Dialect dialect, int status, Knobs knobs) =>
        dialect is Dialect.OpenAi ? Refusal.OfKnobs(status, knobs)
        : IsGoogles(dialect, status) ? GeminiErrors.OfStatus(status)
        : MessageErrors.OfStatus(status);

    public static Task RefuseAsync(Exchange exchange, Refusal refusal)
    {
        exchange.Context.Response.StatusCode = refusal.Status;
        using var buffer = JsonBuffer.Rent();
        if (IsGoogles(exchange.Match.Dialect, refusal.Status))
            GeminiErrors.Write(buffer.Json, exchange, refusal);
        else
            MessageErrors.Write(buffer.Json, exchange, refusal);
        return Answers.SendJsonAsync(exchange, buffer, Knobs.None);
    }

    /// <summary>
    /// On Vertex AI, Google's front door refuses callers, places and rates in its own shape; what the model's host says
    /// is in Anthropic's.
    /// </summary>
    private static bool IsGoogles(Dialect dialect, int status) => dialect switch
    {
        Dialect.Gemini or Dialect.Vertex => true,
        Dialect.VertexClaude => status is 401 or 403 or 404 or 429,
        Dialect.OpenAi or Dialect.Anthropic or Dialect.RouterMessages => false,
    };
}
