namespace Spendra.Sandbox;

/// <summary>Whose API a request speaks. The path alone tells; the default value is <see cref="OpenAI"/>.</summary>
public enum SandboxProvider
{
    /// <summary>Paths under <c>/v1/</c>, and everything that is no other's.</summary>
    OpenAI,

    /// <summary>Paths under <c>/api/v1/</c>.</summary>
    OpenRouter,

    /// <summary>The Gemini API in OpenAI's dialect, under <c>/v1beta/openai/</c>.</summary>
    Gemini,

    /// <summary>Vertex AI in OpenAI's dialect, under <c>/v1/projects/…/endpoints/openapi/</c>.</summary>
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
