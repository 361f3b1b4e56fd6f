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

    /// <summary>Vertex AI's older way to embed texts.</summary>
    PredictEmbeddings,
    ListGeminiModels,
    GetGeminiModel,

    GenerateImage,
    EditImage,
    CreateSpeech,
    CreateTranscription,
    CreateTranslation,
    CreateModeration,
    CreateBatch,
    GetBatch,
    ListBatches,
    CancelBatch,

    /// <summary>What OpenRouter knows of a call that is over.</summary>
    GetGeneration,

    /// <summary>Google's token endpoint.</summary>
    GoogleToken,

    /// <summary>Microsoft Entra's token endpoint.</summary>
    EntraToken,

    /// <summary>A JSON-RPC message to an MCP server; <see cref="SandboxJournal.ToolCalls"/> counts those that run a tool.</summary>
    McpMessage,

    /// <summary>A GET for events of an MCP server, which the sandbox has none of.</summary>
    McpListen,

    /// <summary>The end of an MCP session.</summary>
    McpEnd,
}
