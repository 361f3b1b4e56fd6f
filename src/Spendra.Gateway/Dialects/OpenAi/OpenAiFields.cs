using System.Text.Json;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>Which body is being read: the same names mean different things in different routes.</summary>
internal enum OpenAiBody
{
    Chat,
    Responses,
    Embeddings,
}

/// <summary>The fields at the top of a body that governance reads.</summary>
[Flags]
internal enum OpenAiFields
{
    None = 0,
    Model = 1 << 0,
    Stream = 1 << 1,
    StreamOptions = 1 << 2,
    MaxTokens = 1 << 3,
    MaxCompletionTokens = 1 << 4,
    MaxOutputTokens = 1 << 5,
    Choices = 1 << 6,
    ServiceTier = 1 << 7,
    Tools = 1 << 8,
    Content = 1 << 9,
    Prediction = 1 << 10,
    PreviousResponse = 1 << 11,
    Background = 1 << 12,
    Store = 1 << 13,
    Modalities = 1 << 14,
    Conversation = 1 << 15,
    PromptTemplate = 1 << 16,
    WebSearch = 1 << 17,
    PromptCache = 1 << 18,
    ContextManagement = 1 << 19,
    ExtraBody = 1 << 20,
    GoogleExtras = 1 << 21,
    ToolLimit = 1 << 22,
    MultiAgent = 1 << 23,
    Agent = 1 << 24,
    AgentReference = 1 << 25,
    DataSources = 1 << 26,
    OlderDataSources = 1 << 27,
    Enhancements = 1 << 28,
    SearchParameters = 1 << 29,
    Functions = 1 << 30,
}

internal static class OpenAiFieldNames
{
    private static readonly (byte[] Name, OpenAiFields Field)[] Chat =
    [
        ("model"u8.ToArray(), OpenAiFields.Model),
        ("messages"u8.ToArray(), OpenAiFields.Content),
        ("stream"u8.ToArray(), OpenAiFields.Stream),
        ("stream_options"u8.ToArray(), OpenAiFields.StreamOptions),
        ("max_tokens"u8.ToArray(), OpenAiFields.MaxTokens),
        ("max_completion_tokens"u8.ToArray(), OpenAiFields.MaxCompletionTokens),
        ("n"u8.ToArray(), OpenAiFields.Choices),
        ("tools"u8.ToArray(), OpenAiFields.Tools),
        ("functions"u8.ToArray(), OpenAiFields.Functions),
        ("service_tier"u8.ToArray(), OpenAiFields.ServiceTier),
        ("prediction"u8.ToArray(), OpenAiFields.Prediction),
        ("modalities"u8.ToArray(), OpenAiFields.Modalities),
        ("web_search_options"u8.ToArray(), OpenAiFields.WebSearch),
        ("prompt_cache_options"u8.ToArray(), OpenAiFields.PromptCache),
        ("extra_body"u8.ToArray(), OpenAiFields.ExtraBody),
        ("google"u8.ToArray(), OpenAiFields.GoogleExtras),
        ("data_sources"u8.ToArray(), OpenAiFields.DataSources),
        ("dataSources"u8.ToArray(), OpenAiFields.OlderDataSources),
        ("enhancements"u8.ToArray(), OpenAiFields.Enhancements),
        ("search_parameters"u8.ToArray(), OpenAiFields.SearchParameters),
    ];

    private static readonly (byte[] Name, OpenAiFields Field)[] Responses =
    [
        ("model"u8.ToArray(), OpenAiFields.Model),
        ("input"u8.ToArray(), OpenAiFields.Content),
        ("stream"u8.ToArray(), OpenAiFields.Stream),
        ("max_output_tokens"u8.ToArray(), OpenAiFields.MaxOutputTokens),
        ("tools"u8.ToArray(), OpenAiFields.Tools),
        ("max_tool_calls"u8.ToArray(), OpenAiFields.ToolLimit),
        ("service_tier"u8.ToArray(), OpenAiFields.ServiceTier),
        ("previous_response_id"u8.ToArray(), OpenAiFields.PreviousResponse),
        ("background"u8.ToArray(), OpenAiFields.Background),
        ("store"u8.ToArray(), OpenAiFields.Store),
        ("conversation"u8.ToArray(), OpenAiFields.Conversation),
        ("prompt"u8.ToArray(), OpenAiFields.PromptTemplate),
        ("context_management"u8.ToArray(), OpenAiFields.ContextManagement),
        ("prompt_cache_options"u8.ToArray(), OpenAiFields.PromptCache),
        ("multi_agent"u8.ToArray(), OpenAiFields.MultiAgent),
        ("agent"u8.ToArray(), OpenAiFields.Agent),
        ("agent_reference"u8.ToArray(), OpenAiFields.AgentReference),
    ];

    private static readonly (byte[] Name, OpenAiFields Field)[] Embeddings =
    [
        ("model"u8.ToArray(), OpenAiFields.Model),
        ("input"u8.ToArray(), OpenAiFields.Content),
    ];

    /// <summary>The field that the property name under the reader stands for, escapes resolved.</summary>
    public static OpenAiFields Find(OpenAiBody body, ref readonly Utf8JsonReader json)
    {
        var names = body switch
        {
            OpenAiBody.Chat => Chat,
            OpenAiBody.Responses => Responses,
            OpenAiBody.Embeddings => Embeddings,
        };
        foreach (var (name, field) in names)
        {
            if (json.ValueTextEquals(name)) return field;
        }
        return OpenAiFields.None;
    }
}
