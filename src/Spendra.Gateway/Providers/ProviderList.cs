using System.Collections.Immutable;
using Spendra.Gateway.Mcp;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>Every provider, and with them every route that reaches one.</summary>
internal static class ProviderList
{
    public static ImmutableArray<UpstreamProvider> All { get; } =
    [
        new OpenAiProvider(), new OpenRouterProvider(), new OpenRouterMessagesProvider(), new AzureProvider(),
        new GoogleProvider(), new GoogleCompatibleProvider(), new VertexProvider(), new VertexClaudeProvider(),
        new AnthropicProvider(), new AnthropicChatProvider(),
        new McpProvider(),
    ];

    /// <summary>Every governed route with its provider, in the order in which they are mapped.</summary>
    public static ImmutableArray<GovernedRoute> Routes { get; } =
        [.. from provider in All from route in provider.Routes select route with { Provider = provider }];
}
