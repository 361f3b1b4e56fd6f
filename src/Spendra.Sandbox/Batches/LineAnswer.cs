using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Azure;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Chat;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Embeddings;
using Spendra.Sandbox.Responses;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Batches;

/// <summary>
/// Runs a line as if it had come alone: the same reader, the same answer, in a response that nobody receives. Of the
/// faults only <c>status</c> and the content filter apply, since a line has no connection to break.
/// </summary>
internal static class LineAnswer
{
    public static readonly string[] Endpoints = ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"];

    public static async Task<BatchLine> RunAsync(Exchange batch, string endpoint, BatchInput input)
    {
        var sandbox = batch.Sandbox;
        var answer = new MemoryStream();
        var context = new DefaultHttpContext();
        context.Response.Body = answer;
        var match = RouteMatch.Of("POST", endpoint) with { Provider = batch.Match.Provider };
        var exchange = new Exchange(sandbox, context, match, sandbox.Time.GetTimestamp());
        await AnswerAsync(exchange, input.Body);
        await context.Response.BodyWriter.FlushAsync();
        return new BatchLine(
            input.CustomId,
            sandbox.Ids.Next("batch_req_"),
            context.Response.StatusCode,
            context.Response.Headers["x-request-id"].ToString(),
            answer.ToArray());
    }

    private static Task AnswerAsync(Exchange exchange, byte[] body)
    {
        var route = exchange.Match.Route;
        var kind = route switch
        {
            SandboxRoute.CreateResponse => CallKind.Response,
            SandboxRoute.Embeddings => CallKind.Embeddings,
            _ => CallKind.Chat,
        };
        var refusal = ModelCallReader.Read(body, kind, exchange.Sandbox.BasisKnobs, out var call)
            ?? AzureDeployments.Resolve(exchange, call)
            ?? RefusalOf(call.Knobs);
        if (refusal is not null)
            return Answers.RefuseAsync(exchange, refusal);
        call.Stream = false;
        call.Background = false;
        call.Knobs = call.Knobs with { BreakAfterBytes = null, BreakAfterChunks = null, Gzip = false };
        return route switch
        {
            SandboxRoute.CreateResponse => ResponseRoutes.CreateAsync(exchange, call),
            SandboxRoute.Embeddings => EmbeddingAnswer.AnswerAsync(exchange, call),
            _ => ChatCompletion.AnswerAsync(exchange, call),
        };
    }

    private static Refusal? RefusalOf(Knobs knobs) =>
        knobs.Status is { } status ? Refusal.OfKnobs(status, knobs)
        : knobs.Filtered is FilteredPart.Prompt ? Refusal.FilteredPrompt
        : null;
}
