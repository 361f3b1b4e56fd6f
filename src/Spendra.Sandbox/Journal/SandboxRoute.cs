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
}
