using System.Collections.Immutable;

namespace Spendra.Core.Governance;

/// <summary>A provider that can be governed: its name in rules and prices, and where it is reached.</summary>
/// <param name="Name">As accounts, keys, policies and prices name it.</param>
/// <param name="BaseUrl">Where accounts without an address of their own are reached; null when every customer has another.</param>
/// <param name="RootPath">The path that a base URL without one is given; the paths of the API follow it.</param>
public sealed record KnownProvider(string Name, string? BaseUrl, string RootPath)
{
    public const string OpenAi = "openai";
    public const string OpenRouter = "openrouter";
    public const string Google = "google";
    public const string VertexAi = "vertexai";
    public const string Azure = "azure";
    public const string Anthropic = "anthropic";

    /// <summary>Servers of tools that run through the gateway. Each is an account; its slug is the server's name.</summary>
    public const string Mcp = "mcp";

    // Addresses: the providers' API references, November 2026. Vertex AI's names project and location:
    // https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}
    public static ImmutableArray<KnownProvider> All { get; } =
    [
        new(OpenAi, "https://api.openai.com/v1", "/v1"),
        new(OpenRouter, "https://openrouter.ai/api/v1", "/api/v1"),
        new(Google, "https://generativelanguage.googleapis.com/v1beta", "/v1beta"),
        new(VertexAi, null, "/v1"),
        new(Azure, null, "/openai"),
        new(Anthropic, "https://api.anthropic.com/v1", "/v1"),
        // The address of a server is its endpoint itself.
        new(Mcp, null, ""),
    ];

    /// <summary>Those that sell models. What tools cost comes with the account of their server.</summary>
    public static ImmutableArray<KnownProvider> OfModels { get; } = [.. All.Where(p => p.Name != Mcp)];

    public static KnownProvider? Find(string name) => All.FirstOrDefault(p => p.Name == name);
}
