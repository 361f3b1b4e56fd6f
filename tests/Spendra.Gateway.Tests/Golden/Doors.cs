using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Golden;

/// <summary>How an answer is written.</summary>
internal enum Wire
{
    Chat,
    /// <summary>OpenAI's chat as Google speaks it: each chunk tells the usage so far.</summary>
    GoogleChat,
    Responses,
    Embeddings,
    Messages,
    Contents,
    Vectors,
}

/// <summary>The doors at which tokens are bought, as clients write their paths, and how to call at one.</summary>
internal static class Doors
{
    public const string OpenAiChat = "/v1/chat/completions";
    public const string OpenAiResponses = "/v1/responses";
    public const string OpenAiEmbeddings = "/v1/embeddings";
    public const string AzureChat = "/openai/v1/chat/completions";
    public const string AzureResponses = "/openai/v1/responses";
    public const string AzureOldChat = "/openai/deployments/{model}/chat/completions";
    public const string AzureOldResponses = "/openai/responses";
    public const string AzureOldEmbeddings = "/openai/deployments/{model}/embeddings";
    public const string RouterChat = "/v1/providers/openrouter/chat/completions";
    public const string RouterResponses = "/v1/providers/openrouter/responses";
    public const string RouterEmbeddings = "/v1/providers/openrouter/embeddings";
    public const string RouterMessages = "/v1/providers/openrouter/messages";
    public const string Messages = "/v1/messages";
    public const string AnthropicChat = "/v1/providers/anthropic/chat/completions";
    public const string Google = "/v1beta/models/{model}:generateContent";
    public const string GoogleChat = "/v1/providers/google/chat/completions";
    public const string GoogleEmbedding = "/v1beta/models/{model}:embedContent";
    public const string GoogleEmbeddings = "/v1/providers/google/embeddings";
    public const string Vertex = "/v1/providers/vertexai/publishers/google/models/{model}:generateContent";
    public const string VertexChat = "/v1/providers/vertexai/chat/completions";
    public const string VertexEmbedding = "/v1/providers/vertexai/publishers/google/models/{model}:embedContent";
    public const string VertexMessages = "/v1/providers/vertexai/messages";
    public const string VertexPredict = "/v1/providers/vertexai/publishers/anthropic/models/{model}:rawPredict";

    /// <summary>The door for a stream, where the method that streams is another one.</summary>
    public static string Of(string door, bool isStream) => isStream
        ? door.Replace(":generateContent", ":streamGenerateContent", StringComparison.Ordinal).Replace(":rawPredict", ":streamRawPredict", StringComparison.Ordinal)
        : door;

    public static GovernedRoute Route(string door) =>
        ProviderList.Routes.Single(r => r.Method == "POST" && r.ClientPrefixes.Any(prefix => prefix + r.Pattern == door));

    public static Wire WireOf(string door)
    {
        var route = Route(door);
        return route.Dialect switch
        {
            OpenAiDialect or OpenRouterDialect => route.Body switch
            {
                OpenAiBody.Chat => route.Provider.TellsUsageSoFar ? Wire.GoogleChat : Wire.Chat,
                OpenAiBody.Responses => Wire.Responses,
                _ => Wire.Embeddings,
            },
            GeminiDialect => route.HasOutput ? Wire.Contents : Wire.Vectors,
            _ => Wire.Messages,
        };
    }

    public static bool CanStream(string door) => WireOf(door) is not (Wire.Embeddings or Wire.Vectors);

    /// <summary>A request whose text has so many bytes, each of which might be a token.</summary>
    /// <param name="door">Where.</param>
    /// <param name="model">What a body names that names its model.</param>
    /// <param name="isStream">Whether the answer shall be a stream.</param>
    /// <param name="more">More members of the body, or of Google's whole request.</param>
    /// <param name="textBytes">The length of the text.</param>
    /// <param name="maxOutput">The limit of output.</param>
    public static string Body(string door, string model, bool isStream, string more = "", int textBytes = 20_000, int maxOutput = 2_000)
    {
        var text = new string('x', textBytes);
        var members = new List<string>();
        var wire = WireOf(door);
        if (wire is not (Wire.Contents or Wire.Vectors))
        {
            if (wire == Wire.Messages && Route(door).NamesModel) members.Add("\"anthropic_version\":\"vertex-2023-10-16\"");
            else members.Add($"\"model\":\"{model}\"");
            if (isStream) members.Add("\"stream\":true");
        }
        members.Add(wire switch
        {
            Wire.Chat or Wire.GoogleChat or Wire.Messages => $"\"max_tokens\":{maxOutput},\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}]",
            Wire.Responses => $"\"max_output_tokens\":{maxOutput},\"input\":\"{text}\"",
            Wire.Embeddings => $"\"input\":\"{text}\"",
            Wire.Contents => $"\"contents\":[{{\"role\":\"user\",\"parts\":[{{\"text\":\"{text}\"}}]}}],\"generationConfig\":{{\"maxOutputTokens\":{maxOutput}}}",
            _ => $"\"content\":{{\"parts\":[{{\"text\":\"{text}\"}}]}}",
        });
        if (more.Length > 0) members.Add(more);
        return $"{{{string.Join(',', members)}}}";
    }
}
