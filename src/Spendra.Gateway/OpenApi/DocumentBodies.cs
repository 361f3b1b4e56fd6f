using Microsoft.OpenApi;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Dialects.OpenAi.Media;
using Spendra.Gateway.Mcp;
using Spendra.Gateway.Requests;
using static Spendra.Gateway.OpenApi.BodyMember;

namespace Spendra.Gateway.OpenApi;

/// <summary>
/// What is sent. Bodies belong to the providers, and fields that are not named here pass: only what decides whether a call
/// is admitted, what is held for it and how it is settled is described.
/// </summary>
internal static class DocumentBodies
{
    /// <summary>The schema of what providers answer.</summary>
    public const string Answer = "ProviderAnswer";

    private const string Json = "application/json";
    private const string Form = "multipart/form-data";
    private const string ServerTools = "What the client runs is free. What the provider runs must be in the key's scope and have a price.";

    public static void AddTo(OpenApiDocument document)
    {
        Add(document, Answer, "As the provider sends it.", []);
        Add(document, "ChatRequest", "OpenAI's chat completion.", ["messages"], Model, List("messages", "The conversation."),
            Flag("stream", "Answer as events."), Number("max_completion_tokens", "Output limit; clamped, or injected where there is none."),
            Number("max_tokens", "The older name of the same."), Number("n", "Choices; all of them are bounded and billed."),
            Text("service_tier", "Must have a price; `default` is sent where none is named."), List("tools", ServerTools));
        Add(document, "ResponsesRequest", "OpenAI's response.", ["input"], Model, Any("input", "A text, or a list of items. Ids in it must be your organization's."),
            Flag("stream", "Answer as events."), Flag("background", "Run without the client; settled when it is fetched."), Flag("store", "Kept at the provider unless false."),
            Number("max_output_tokens", "Output limit; clamped, or injected where there is none."), Text("previous_response_id", "A response of your organization's."),
            Text("service_tier", "Must have a price; `default` is sent where none is named."), List("tools", ServerTools));
        Add(document, "EmbeddingsRequest", "OpenAI's embeddings.", ["input"], Model, Any("input", "A text, several, or tokens."));
        Add(document, "MessagesRequest", "Anthropic's message.", ["messages"], Model, List("messages", "The conversation."),
            Number("max_tokens", "Output limit, required for messages and clamped where a policy says so."), Flag("stream", "Answer as events."), List("tools", ServerTools));
        Add(document, "ContentRequest", "Google's content, to be answered, counted or embedded. The path names the model.", [],
            List("contents", "The conversation."), Any("generationConfig", "`maxOutputTokens` is clamped, or injected where there is none."), List("tools", ServerTools));
        Add(document, "PredictRequest", "Texts to be embedded by Vertex AI. The path names the model.", ["instances"], List("instances", "The texts."));
        Add(document, "JsonRpcMessage", "One JSON-RPC message of MCP. Members may be given once, and in this spelling.", ["jsonrpc"],
            Text("jsonrpc", "2.0"), Any("id", "Absent in a notification."), Text("method", "`tools/call` is priced; other methods are passed on for nothing, or refused."), Any("params", "Of the method."));
        Add(document, "ToolCallRequest", "A call of a tool.", ["server", "tool"],
            Text("server", "A registered server."), Text("tool", "One of its tools."), Any("arguments", "Passed byte for byte."));
        DocumentMediaBodies.AddTo(document);
    }

    /// <summary>Null where nothing is sent.</summary>
    public static IOpenApiRequestBody? Of(OpenApiDocument document, GovernedRoute route) => route switch
    {
        { Intake: BodyIntake.None } => null,
        { Intake: BodyIntake.Streamed } => Body(document, Form, DocumentMediaBodies.Upload),
        { Dialect: MediaDialect media } => Body(document, media.Kind.IsForm() ? Form : Json, DocumentMediaBodies.Of(media.Kind)),
        _ => Body(document, Json, RequestOf(route)),
    };

    public static void Add(OpenApiDocument document, string id, string description, string[] required, params ReadOnlySpan<BodyMember> members)
    {
        var properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        foreach (var (name, schema) in members) properties[name] = schema;
        document.AddComponent<IOpenApiSchema>(id, new OpenApiSchema
        {
            Type = JsonSchemaType.Object, Description = description, Required = required.ToHashSet(), Properties = properties,
        });
    }

    private static string RequestOf(GovernedRoute route) => route.Dialect switch
    {
        AnthropicDialect or OpenRouterMessagesDialect or VertexClaudeDialect => "MessagesRequest",
        GeminiDialect => "ContentRequest",
        PredictDialect => "PredictRequest",
        McpDialect => "JsonRpcMessage",
        ToolCallDialect => "ToolCallRequest",
        BatchDialect => DocumentMediaBodies.Batch,
        OpenAiDialect or OpenRouterDialect => route.Body switch
        {
            OpenAiBody.Chat => "ChatRequest",
            OpenAiBody.Responses => "ResponsesRequest",
            OpenAiBody.Embeddings => "EmbeddingsRequest",
        },
        _ => throw new InvalidOperationException($"nothing is said of what route {route.Name} takes"),
    };

    private static OpenApiRequestBody Body(OpenApiDocument document, string mediaType, string schema) => new()
    {
        Required = true,
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            [mediaType] = new() { Schema = new OpenApiSchemaReference(schema, document) },
        },
    };
}
