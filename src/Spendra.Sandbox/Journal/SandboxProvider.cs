namespace Spendra.Sandbox;

/// <summary>Whose API a request speaks. The path tells; the default value is <see cref="OpenAI"/>.</summary>
public enum SandboxProvider
{
    /// <summary>Paths under <c>/v1/</c>, and everything that is no other's.</summary>
    OpenAI,

    /// <summary>Paths under <c>/api/v1/</c>.</summary>
    OpenRouter,

    /// <summary>Anthropic's messages, under <c>/v1/messages</c>, and its models to a request with <c>anthropic-version</c>.</summary>
    Anthropic,

    /// <summary>The Gemini API, under <c>/v1beta/</c>; in OpenAI's dialect under <c>/v1beta/openai/</c>.</summary>
    Gemini,

    /// <summary>Vertex AI, under <c>/v1/projects/</c>; in OpenAI's dialect under <c>…/endpoints/openapi/</c>.</summary>
    Vertex,

    /// <summary>Azure OpenAI under <c>/openai/</c>: the v1 API, and the older one with deployments in the path.</summary>
    Azure,

    /// <summary>Google's token endpoint, <c>/token</c>.</summary>
    GoogleIdentity,

    /// <summary>Microsoft Entra's token endpoint, <c>/{tenant}/oauth2/v2.0/token</c>.</summary>
    Entra,

    /// <summary>MCP servers, <c>/mcp/{name}</c>.</summary>
    Mcp,
}
