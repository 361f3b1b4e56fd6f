namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>What is asked of a model: the word after the colon in the path.</summary>
internal enum GeminiMethod
{
    GenerateContent,
    StreamGenerateContent,
    CountTokens,
    EmbedContent,
    BatchEmbedContents,
}
