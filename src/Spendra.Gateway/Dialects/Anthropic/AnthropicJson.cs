using System.Text.Json.Serialization;

namespace Spendra.Gateway.Dialects.Anthropic;

internal sealed record AnthropicModelList
{
    public required IReadOnlyList<AnthropicModel> Data { get; init; }

    public string? FirstId { get; init; }

    public string? LastId { get; init; }

    public bool HasMore { get; init; }
}

internal sealed record AnthropicModel
{
    [JsonInclude]
    public string Type { get; } = "model";

    public required string Id { get; init; }

    public required string DisplayName { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What has a price in force is in use; what is not sold any more has none.</summary>
    [JsonInclude]
    public string Lifecycle { get; } = "active";

    public long? MaxInputTokens { get; init; }

    public long? MaxTokens { get; init; }

    /// <summary>What a model can do is not known here; clients require the member.</summary>
    [JsonInclude]
    public object? Capabilities { get; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AnthropicModelList))]
internal sealed partial class AnthropicJson : JsonSerializerContext;
