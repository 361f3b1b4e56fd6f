namespace Spendra.Sandbox.Dialects;

/// <summary>
/// Whose rules an exchange follows: where its key stands, which headers an answer has, how an error looks. The default
/// value is <see cref="OpenAi"/>.
/// </summary>
internal enum Dialect
{
    OpenAi,
    /// <summary>Anthropic's own API.</summary>
    Anthropic,
    /// <summary>The Gemini Developer API.</summary>
    Gemini,
    /// <summary>Gemini models on Vertex AI.</summary>
    Vertex,
    /// <summary>Claude models on Vertex AI: Anthropic's messages behind Google's front door.</summary>
    VertexClaude,
    /// <summary>Anthropic's messages on OpenRouter, which says what they cost.</summary>
    RouterMessages,
}
