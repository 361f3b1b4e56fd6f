using System.Text.Json;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>
/// Anthropic's messages as Vertex AI takes them: the model stands in the path and the version in the body. Requests that
/// were written for Anthropic itself are brought into that form; others have it already. Errors come in Anthropic's shape
/// from the model's host and in Google's from the front door.
/// </summary>
internal sealed class VertexClaudeDialect : Dialect
{
    public static readonly VertexClaudeDialect Instance = new();

    private VertexClaudeDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        var betas = call.Context.Request.Headers["anthropic-beta"].ToString();
        var model = call.Route.NamesModel ? (string?)call.Context.Request.RouteValues["model"] ?? "" : null;
        var kind = call.Route.IsPriced ? AnthropicBody.Messages : AnthropicBody.Count;
        if (AnthropicRequestReader.Read(body, kind, betas, out var fault, model) is { } facts) call.Facts = facts;
        return fault;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call)
    {
        var body = AnthropicDialect.Instance.Rewrite(call);
        // To be counted a model stays in the body: the path has the word "count-tokens" in its place.
        return call.Route is { IsPriced: true, NamesModel: false } ? VertexClaudeBody.WithoutModel(body) : body;
    }

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes) =>
        AnthropicDialect.Instance.MakeMeter(call, mediaType, maxEventBytes);

    public override bool IsError(ReadOnlySpan<byte> body) =>
        AnthropicDialect.Instance.IsError(body) || GeminiDialect.Generate.IsError(body);

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error) =>
        AnthropicDialect.Instance.WriteError(json, requestId, error);

    public override string RequestIdHeader => AnthropicDialect.RequestId;

    public override string ErrorEventOf(GovernedCall call) => AnthropicDialect.ErrorEvent;
}
