namespace Spendra.Sandbox.Calls;

/// <summary>Which dialect a JSON body is read as.</summary>
internal enum CallKind
{
    Chat,
    Response,
    InputTokens,
    Embeddings,
    /// <summary>A POST without a meaning of its own, such as a cancellation.</summary>
    Bare,
}
