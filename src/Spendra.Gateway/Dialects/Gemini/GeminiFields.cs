using System.Text.Json;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>The fields that governance reads. Google's parsers take each in two spellings.</summary>
[Flags]
internal enum GeminiFields
{
    None = 0,
    Contents = 1 << 0,
    SystemInstruction = 1 << 1,
    Tools = 1 << 2,
    GenerationConfig = 1 << 3,
    CachedContent = 1 << 4,
    ServiceTier = 1 << 5,
    Model = 1 << 6,
    Content = 1 << 7,
    Requests = 1 << 8,
    /// <summary>A whole request inside one that counts it.</summary>
    Counted = 1 << 9,

    // Inside the generation config.
    MaxOutputTokens = 1 << 10,
    CandidateCount = 1 << 11,
    ResponseModalities = 1 << 12,
    ModelChoice = 1 << 13,
}

internal static class GeminiFieldNames
{
    public const GeminiFields OfRequest = GeminiFields.Contents | GeminiFields.SystemInstruction | GeminiFields.Tools
        | GeminiFields.GenerationConfig | GeminiFields.CachedContent | GeminiFields.ServiceTier | GeminiFields.Model;

    public const GeminiFields OfConfig = GeminiFields.MaxOutputTokens | GeminiFields.CandidateCount
        | GeminiFields.ResponseModalities | GeminiFields.ModelChoice;

    public const GeminiFields OfEmbedding = GeminiFields.Content | GeminiFields.Model;

    private static readonly (byte[] Camel, byte[] Snake, GeminiFields Field)[] Names =
    [
        ("contents"u8.ToArray(), "contents"u8.ToArray(), GeminiFields.Contents),
        ("systemInstruction"u8.ToArray(), "system_instruction"u8.ToArray(), GeminiFields.SystemInstruction),
        ("tools"u8.ToArray(), "tools"u8.ToArray(), GeminiFields.Tools),
        ("generationConfig"u8.ToArray(), "generation_config"u8.ToArray(), GeminiFields.GenerationConfig),
        ("cachedContent"u8.ToArray(), "cached_content"u8.ToArray(), GeminiFields.CachedContent),
        ("serviceTier"u8.ToArray(), "service_tier"u8.ToArray(), GeminiFields.ServiceTier),
        ("model"u8.ToArray(), "model"u8.ToArray(), GeminiFields.Model),
        ("content"u8.ToArray(), "content"u8.ToArray(), GeminiFields.Content),
        ("requests"u8.ToArray(), "requests"u8.ToArray(), GeminiFields.Requests),
        ("generateContentRequest"u8.ToArray(), "generate_content_request"u8.ToArray(), GeminiFields.Counted),
        ("maxOutputTokens"u8.ToArray(), "max_output_tokens"u8.ToArray(), GeminiFields.MaxOutputTokens),
        ("candidateCount"u8.ToArray(), "candidate_count"u8.ToArray(), GeminiFields.CandidateCount),
        ("responseModalities"u8.ToArray(), "response_modalities"u8.ToArray(), GeminiFields.ResponseModalities),
        ("routingConfig"u8.ToArray(), "routing_config"u8.ToArray(), GeminiFields.ModelChoice),
        ("modelSelectionConfig"u8.ToArray(), "model_selection_config"u8.ToArray(), GeminiFields.ModelChoice),
        ("modelConfig"u8.ToArray(), "model_config"u8.ToArray(), GeminiFields.ModelChoice),
    ];

    /// <summary>The field that the property name under the reader stands for, escapes resolved; one of those expected here.</summary>
    public static GeminiFields Find(GeminiFields expected, ref readonly Utf8JsonReader json)
    {
        foreach (var (camel, snake, field) in Names)
        {
            if ((expected & field) != 0 && (json.ValueTextEquals(camel) || json.ValueTextEquals(snake))) return field;
        }
        return GeminiFields.None;
    }
}
