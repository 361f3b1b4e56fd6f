namespace Spendra.Sandbox;

/// <summary>The routes that the sandbox knows. The default value is <see cref="Unknown"/>.</summary>
public enum SandboxRoute
{
    /// <summary>Anything else; answered with a 404.</summary>
    Unknown,
    ChatCompletions,
    CreateResponse,
    GetResponse,
    DeleteResponse,
    CancelResponse,
    ListInputItems,
    CountInputTokens,
    Embeddings,
    UploadFile,
    ListFiles,
    GetFile,
    GetFileContent,
    DeleteFile,
    ListModels,
    GetModel,

    /// <summary>Anthropic's messages, from its own API or on Vertex AI, streamed or not.</summary>
    CreateMessage,
    CountMessageTokens,
    ListClaudeModels,
    GetClaudeModel,

    /// <summary>Gemini's content, from the Developer API or on Vertex AI.</summary>
    GenerateContent,
    StreamGenerateContent,
    CountContentTokens,
    EmbedContent,
    BatchEmbedContents,
    ListGeminiModels,
    GetGeminiModel,
}
