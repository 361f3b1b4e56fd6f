using Spendra.Sandbox.Dialects;

namespace Spendra.Sandbox;

/// <summary>
/// Which route a request means, the id in its path (empty when the route has none), and whose rules it follows.
/// </summary>
internal readonly record struct RouteMatch(SandboxRoute Route, string Id, Dialect Dialect = Dialect.OpenAi)
{
    public SandboxProvider Provider { get; init; }

    /// <summary>The deployment that an older path of Azure names instead of a model.</summary>
    public string? Deployment { get; init; }

    /// <summary>The older API of Azure wants <c>api-version</c> in the query.</summary>
    public bool NeedsApiVersion { get; init; }

    public static RouteMatch Of(string method, string path) => method switch
    {
        "POST" => new RouteMatch(Post(path), "")
            .OrNested(path, "/v1/responses/", "/cancel", SandboxRoute.CancelResponse)
            .OrNested(path, "/v1/batches/", "/cancel", SandboxRoute.CancelBatch),
        "GET" => Get(path),
        "DELETE" => default(RouteMatch)
            .OrNested(path, "/v1/responses/", "", SandboxRoute.DeleteResponse)
            .OrNested(path, "/v1/files/", "", SandboxRoute.DeleteFile),
        _ => new RouteMatch(SandboxRoute.Unknown, ""),
    };

    private static SandboxRoute Post(string path) => path switch
    {
        "/v1/chat/completions" => SandboxRoute.ChatCompletions,
        "/v1/responses" => SandboxRoute.CreateResponse,
        "/v1/responses/input_tokens" => SandboxRoute.CountInputTokens,
        "/v1/embeddings" => SandboxRoute.Embeddings,
        "/v1/files" => SandboxRoute.UploadFile,
        "/v1/images/generations" => SandboxRoute.GenerateImage,
        "/v1/images/edits" => SandboxRoute.EditImage,
        "/v1/audio/speech" => SandboxRoute.CreateSpeech,
        "/v1/audio/transcriptions" => SandboxRoute.CreateTranscription,
        "/v1/audio/translations" => SandboxRoute.CreateTranslation,
        "/v1/moderations" => SandboxRoute.CreateModeration,
        "/v1/batches" => SandboxRoute.CreateBatch,
        _ => SandboxRoute.Unknown,
    };

    private static RouteMatch Get(string path) => path switch
    {
        "/v1/models" => new(SandboxRoute.ListModels, ""),
        "/v1/files" => new(SandboxRoute.ListFiles, ""),
        "/v1/batches" => new(SandboxRoute.ListBatches, ""),
        _ => default(RouteMatch)
            .OrNested(path, "/v1/responses/", "/input_items", SandboxRoute.ListInputItems)
            .OrNested(path, "/v1/responses/", "", SandboxRoute.GetResponse)
            .OrNested(path, "/v1/files/", "/content", SandboxRoute.GetFileContent)
            .OrNested(path, "/v1/files/", "", SandboxRoute.GetFile)
            .OrNested(path, "/v1/batches/", "", SandboxRoute.GetBatch)
            .OrNested(path, "/v1/models/", "", SandboxRoute.GetModel),
    };

    /// <summary>Keeps a route that was found; otherwise takes <paramref name="route"/> when the path has this form.</summary>
    private RouteMatch OrNested(string path, string prefix, string suffix, SandboxRoute route)
    {
        if (Route is not SandboxRoute.Unknown || path.Length <= prefix.Length + suffix.Length)
            return this;
        if (!path.StartsWith(prefix, StringComparison.Ordinal) || !path.EndsWith(suffix, StringComparison.Ordinal))
            return this;
        var id = path[prefix.Length..^suffix.Length];
        // Only model ids have a slash in them (vendor/model).
        return id.Contains('/') && route is not SandboxRoute.GetModel ? this : new RouteMatch(route, id);
    }
}
