using System.Text.Json;
using Spendra.Sandbox.Azure;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.GoogleCompat;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Chat;

/// <summary>Where the providers that speak OpenAI's chat dialect differ. By itself it does what OpenAI does.</summary>
internal abstract class ChatDialect
{
    private static readonly OpenAIChat s_openAI = new();
    private static readonly AzureChat s_azure = new();
    private static readonly OpenRouterChat s_openRouter = new();
    private static readonly GoogleChat s_gemini = new(withDetails: false);
    private static readonly GoogleChat s_vertex = new(withDetails: true);

    public virtual string IdPrefix => "chatcmpl-";

    /// <summary>A stream ends with its usage although the call did not ask for it.</summary>
    public virtual bool AlwaysReportsUsage => false;

    public static ChatDialect Of(SandboxProvider provider) => provider switch
    {
        SandboxProvider.Azure => s_azure,
        SandboxProvider.OpenRouter => s_openRouter,
        SandboxProvider.Gemini => s_gemini,
        SandboxProvider.Vertex => s_vertex,
        _ => s_openAI,
    };

    /// <summary>Members of the completion and of each chunk, beside what all have.</summary>
    public virtual void WriteHead(Utf8JsonWriter json, ModelCall call)
    {
        json.WriteString("service_tier"u8, call.ReportedTier);
        json.WriteString("system_fingerprint"u8, ChatCompletion.Fingerprint);
    }

    /// <summary>Members of a completion alone.</summary>
    public virtual void WriteCompletion(Utf8JsonWriter json, ModelCall call)
    {
    }

    /// <summary>Members of a choice, beside what all have.</summary>
    public virtual void WriteChoice(Utf8JsonWriter json, ModelCall call, string? finishReason)
    {
    }

    public virtual void WriteUsage(Utf8JsonWriter json, ModelCall call) => UsageJson.WriteChat(json, Usage.Of(call, previousTokens: 0));

    /// <summary>The usage in a chunk of a stream that reports it, after so many words of all choices together.</summary>
    public virtual void WriteUsageSoFar(Utf8JsonWriter json, ModelCall call, int words) => json.WriteNull("usage"u8);

    /// <summary>What a stream sends before its first chunk.</summary>
    public virtual async ValueTask OpenAsync(EventStream events, ModelCall call)
    {
        for (var comment = 0; comment < call.Knobs.Comments; comment++)
            await events.SendRawAsync(EventStream.KeepAlive);
    }

    /// <summary>What a stream sends between its last word and its finish.</summary>
    public virtual ValueTask CloseAsync(EventStream events, ModelCall call) => ValueTask.CompletedTask;

    /// <summary>Members of the chunk that ends a stream with an error; <paramref name="stream"/> writes the head of a chunk.</summary>
    public virtual void WriteError(Utf8JsonWriter json, ChatStream stream) => Answers.WriteError(json, Refusal.OfStatus(500));

    private sealed class OpenAIChat : ChatDialect;
}
