using Spendra.Sandbox.Dialects;

namespace Spendra.Sandbox.Messages;

/// <summary>Anthropic's own paths, and the one of its messages on OpenRouter. It shares <c>/v1/models</c> with OpenAI: the version header tells whose list is meant.</summary>
internal static class MessagePaths
{
    public const string VersionHeader = "anthropic-version";
    private const string Messages = "/v1/messages";
    private const string Models = "/v1/models";

    public static RouteMatch? Match(string method, string path, bool hasVersion) => (method, path) switch
    {
        ("POST", Messages) => Of(SandboxRoute.CreateMessage),
        ("POST", Messages + "/count_tokens") => Of(SandboxRoute.CountMessageTokens),
        (_, Messages) => Of(SandboxRoute.Unknown),
        ("GET", Models) when hasVersion => Of(SandboxRoute.ListClaudeModels),
        ("GET", _) when hasVersion && IsBelow(path, Models) => Of(SandboxRoute.GetClaudeModel, path[(Models.Length + 1)..]),
        _ => IsBelow(path, Messages) ? Of(SandboxRoute.Unknown) : null,
    };

    /// <summary>OpenRouter's only path of this format.</summary>
    public static RouteMatch? MatchRouter(string method, string path) =>
        method == "POST" && path == "/api" + Messages ? Of(SandboxRoute.CreateMessage) with { Dialect = Dialect.RouterMessages } : null;

    private static bool IsBelow(string path, string parent) =>
        path.Length > parent.Length + 1 && path[parent.Length] == '/' && path.StartsWith(parent, StringComparison.Ordinal);

    private static RouteMatch Of(SandboxRoute route, string id = "") => new(route, id, Dialect.Anthropic);
}
