using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Audio;
using Spendra.Sandbox.Azure;
using Spendra.Sandbox.Batches;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Chat;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Embeddings;
using Spendra.Sandbox.Fields;
using Spendra.Sandbox.Files;
using Spendra.Sandbox.Images;
using Spendra.Sandbox.Mcp;
using Spendra.Sandbox.Models;
using Spendra.Sandbox.Moderations;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Providers;
using Spendra.Sandbox.Responses;
using Spendra.Sandbox.Tokens;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox;

/// <summary>
/// The life of a request: 1. find its route and count it, 2. check its key, 3. read its body and note it in the
/// journal, 4. let a fault stand in for the answer, 5. answer, 6. note how it ended.
/// </summary>
internal sealed class SandboxPipeline(SandboxState sandbox)
{
    public async Task HandleAsync(HttpContext context)
    {
        // 1. Route. Counted on the head, so that a request which never sends its body is seen too.
        var request = context.Request;
        var match = NativePaths.Match(request) ?? ProviderPaths.Match(request.Method, request.Path.Value ?? "");
        var exchange = new Exchange(sandbox, context, match, sandbox.Time.GetTimestamp());
        sandbox.Journal.Arrived(match);
        try
        {
            await AnswerAsync(exchange);
            // 6. End.
            sandbox.Journal.WasAnswered();
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            sandbox.Journal.WasAbandoned();
        }
        catch (BadHttpRequestException)
        {
            // The server itself refused how the body was sent; it also answers and closes.
            sandbox.Journal.WasAbandoned();
            throw;
        }
    }

    private async Task AnswerAsync(Exchange exchange)
    {
        // 2. Key.
        if (RefuseCaller(exchange) is { } refusal)
        {
            Note(exchange, default, isComplete: false);
            await Answers.RefuseAsync(exchange, refusal);
            return;
        }
        if (exchange.Match.Route is SandboxRoute.UploadFile)
        {
            await FileUpload.AnswerAsync(exchange);
            return;
        }

        // 3. Body.
        using var body = await RequestBody.ReadAsync(exchange.Context.Request, sandbox.Options.MaxJsonBodyBytes, default);
        Note(exchange, body.Memory, body.IsComplete);
        if (exchange.Match.Dialect is not Dialect.OpenAi)
        {
            await NativeAnswer.AnswerAsync(exchange, body);
            return;
        }
        ModelCall call;
        Refusal? refused;
        if (FieldReader.Reads(exchange.Match.Route))
            (refused, call) = await FieldReader.ReadAsync(exchange, body.Memory, body.IsComplete);
        else
            refused = Read(exchange, body, out call);
        if (refused is not null)
        {
            await Answers.RefuseAsync(exchange, refused);
            return;
        }

        // 4. Fault.
        if (call.Knobs.HasFault && await Faults.StandInAsync(exchange, call.Knobs, IsLatencyOurs(exchange, call), call.Stream))
            return;

        // 5. Answer.
        await DispatchAsync(exchange, call);
    }

    private Refusal? RefuseCaller(Exchange exchange)
    {
        if (exchange.Match.Dialect is not Dialect.OpenAi)
            return NativeKeys.Refuse(exchange, sandbox.Options.ApiKey);
        return exchange.Match.Provider is SandboxProvider.OpenAI
            ? RefuseKey(exchange.Context.Request)
            : ProviderDoor.Refuse(exchange);
    }

    private Refusal? RefuseKey(HttpRequest request)
    {
        const string scheme = "Bearer ";
        var header = request.Headers.Authorization;
        var value = header.Count == 1 ? header[0] : null;
        if (value is null || !value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) || value.AsSpan(scheme.Length).IsWhiteSpace())
            return Refusal.NoApiKey;
        var expected = sandbox.Options.ApiKey;
        return expected is null || value.AsSpan(scheme.Length).Trim().SequenceEqual(expected) ? null : Refusal.WrongApiKey;
    }

    private Refusal? Read(Exchange exchange, RequestBody body, out ModelCall call)
    {
        call = new ModelCall { Knobs = sandbox.BasisKnobs };
        if (exchange.Match.Route is SandboxRoute.Unknown)
            return Refusal.UnknownUrl(exchange.Context.Request.Method, exchange.Context.Request.Path);
        if (!body.IsComplete)
            return Refusal.TooLarge;
        return KindOf(exchange.Match.Route) is { } kind
            ? ModelCallReader.Read(body.Span, kind, sandbox.BasisKnobs, out call, exchange.Match.Deployment)
                ?? AzureDeployments.Resolve(exchange, call)
            : null;
    }

    private static CallKind? KindOf(SandboxRoute route) => route switch
    {
        SandboxRoute.ChatCompletions => CallKind.Chat,
        SandboxRoute.CreateResponse => CallKind.Response,
        SandboxRoute.CountInputTokens => CallKind.InputTokens,
        SandboxRoute.Embeddings => CallKind.Embeddings,
        SandboxRoute.CancelResponse or SandboxRoute.CancelBatch => CallKind.Bare,
        _ => null,
    };

    /// <summary>A background response is queued at once; its latency is the time until it is complete.</summary>
    private static bool IsLatencyOurs(Exchange exchange, ModelCall call) =>
        exchange.Match.Route is not SandboxRoute.CreateResponse || !call.Background || call.Stream;

    private static void Note(Exchange exchange, ReadOnlyMemory<byte> body, bool isComplete)
    {
        var recorded = exchange.Sandbox.Options.RecordRequests
            ? RequestRecorder.Record(exchange, body.Span, isComplete)
            : null;
        exchange.Sandbox.Journal.WasRead(recorded);
    }

    private static Task DispatchAsync(Exchange exchange, ModelCall call) => exchange.Match.Route switch
    {
        SandboxRoute.ChatCompletions => ChatCompletion.AnswerAsync(exchange, call),
        SandboxRoute.CreateResponse => ResponseRoutes.CreateAsync(exchange, call),
        SandboxRoute.GetResponse => ResponseRoutes.GetAsync(exchange, call.Knobs),
        SandboxRoute.DeleteResponse => ResponseRoutes.DeleteAsync(exchange, call.Knobs),
        SandboxRoute.CancelResponse => ResponseRoutes.CancelAsync(exchange, call.Knobs),
        SandboxRoute.ListInputItems => InputItems.ListAsync(exchange, call.Knobs),
        SandboxRoute.CountInputTokens => ResponseRoutes.CountInputAsync(exchange, call),
        SandboxRoute.Embeddings => EmbeddingAnswer.AnswerAsync(exchange, call),
        SandboxRoute.ListFiles => FileRoutes.ListAsync(exchange, call.Knobs),
        SandboxRoute.GetFile => FileRoutes.GetAsync(exchange, call.Knobs),
        SandboxRoute.GetFileContent => FileRoutes.GetContentAsync(exchange, call.Knobs),
        SandboxRoute.DeleteFile => FileRoutes.DeleteAsync(exchange, call.Knobs),
        SandboxRoute.ListModels => ModelRoutes.ListAsync(exchange, call.Knobs),
        SandboxRoute.GetModel => ModelRoutes.GetAsync(exchange, call.Knobs),
        SandboxRoute.GenerateImage or SandboxRoute.EditImage => ImageAnswer.AnswerAsync(exchange, call),
        SandboxRoute.CreateSpeech => SpeechAnswer.AnswerAsync(exchange, call),
        SandboxRoute.CreateTranscription or SandboxRoute.CreateTranslation => TranscriptionAnswer.AnswerAsync(exchange, call),
        SandboxRoute.CreateModeration => ModerationAnswer.AnswerAsync(exchange, call),
        SandboxRoute.CreateBatch => BatchRoutes.CreateAsync(exchange, call),
        SandboxRoute.GetBatch => BatchRoutes.GetAsync(exchange, call.Knobs),
        SandboxRoute.ListBatches => BatchRoutes.ListAsync(exchange, call.Knobs),
        SandboxRoute.CancelBatch => BatchRoutes.CancelAsync(exchange, call.Knobs),
        SandboxRoute.GetGeneration => GenerationRoutes.GetAsync(exchange, call.Knobs),
        SandboxRoute.GoogleToken => GoogleTokenAnswer.AnswerAsync(exchange, call),
        SandboxRoute.EntraToken => EntraTokenAnswer.AnswerAsync(exchange, call),
        SandboxRoute.McpMessage => McpAnswer.AnswerAsync(exchange, call),
        SandboxRoute.McpListen => McpRoutes.RefuseListenAsync(exchange),
        SandboxRoute.McpEnd => McpRoutes.EndAsync(exchange),
        SandboxRoute.UploadFile or SandboxRoute.Unknown => throw new InvalidOperationException("Answered before."),
        SandboxRoute.CreateMessage or SandboxRoute.CountMessageTokens or SandboxRoute.ListClaudeModels or SandboxRoute.GetClaudeModel
            or SandboxRoute.GenerateContent or SandboxRoute.StreamGenerateContent or SandboxRoute.CountContentTokens
            or SandboxRoute.EmbedContent or SandboxRoute.BatchEmbedContents or SandboxRoute.PredictEmbeddings or SandboxRoute.ListGeminiModels
            or SandboxRoute.GetGeminiModel => throw new InvalidOperationException("Answered in its own dialect."),
    };
}
