using System.Text.Json;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>The fields at the top of a body that governance reads.</summary>
[Flags]
internal enum AnthropicFields
{
    None = 0,
    Model = 1 << 0,
    MaxTokens = 1 << 1,
    Stream = 1 << 2,
    System = 1 << 3,
    Messages = 1 << 4,
    Tools = 1 << 5,
    CacheControl = 1 << 6,
    ServiceTier = 1 << 7,
    Speed = 1 << 8,
    InferenceGeo = 1 << 9,
    OutputConfig = 1 << 10,
    OutputFormat = 1 << 11,
    ContextManagement = 1 << 12,
    Compaction = 1 << 13,
    McpServers = 1 << 14,
    Container = 1 << 15,
    Fallbacks = 1 << 16,
    Thread = 1 << 17,
    BillingPolicy = 1 << 18,
    Betas = 1 << 19,
}

internal static class AnthropicFieldNames
{
    private static readonly (byte[] Name, AnthropicFields Field)[] Names =
    [
        ("model"u8.ToArray(), AnthropicFields.Model),
        ("max_tokens"u8.ToArray(), AnthropicFields.MaxTokens),
        ("stream"u8.ToArray(), AnthropicFields.Stream),
        ("system"u8.ToArray(), AnthropicFields.System),
        ("messages"u8.ToArray(), AnthropicFields.Messages),
        ("tools"u8.ToArray(), AnthropicFields.Tools),
        ("cache_control"u8.ToArray(), AnthropicFields.CacheControl),
        ("service_tier"u8.ToArray(), AnthropicFields.ServiceTier),
        ("speed"u8.ToArray(), AnthropicFields.Speed),
        ("inference_geo"u8.ToArray(), AnthropicFields.InferenceGeo),
        ("output_config"u8.ToArray(), AnthropicFields.OutputConfig),
        ("output_format"u8.ToArray(), AnthropicFields.OutputFormat),
        ("context_management"u8.ToArray(), AnthropicFields.ContextManagement),
        ("compaction"u8.ToArray(), AnthropicFields.Compaction),
        ("mcp_servers"u8.ToArray(), AnthropicFields.McpServers),
        ("container"u8.ToArray(), AnthropicFields.Container),
        ("fallbacks"u8.ToArray(), AnthropicFields.Fallbacks),
        ("thread"u8.ToArray(), AnthropicFields.Thread),
        ("billing_policy"u8.ToArray(), AnthropicFields.BillingPolicy),
        // Google's and Amazon's front doors take the betas in the body; Anthropic's own takes a header.
        ("anthropic_beta"u8.ToArray(), AnthropicFields.Betas),
    ];

    /// <summary>The field that the property name under the reader stands for, escapes resolved.</summary>
    public static AnthropicFields Find(ref readonly Utf8JsonReader json)
    {
        foreach (var (name, field) in Names)
        {
            if (json.ValueTextEquals(name)) return field;
        }
        return AnthropicFields.None;
    }
}
