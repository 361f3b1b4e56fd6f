using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary>Google's routes, from a body on.</summary>
internal static class GeminiRoutes
{
    public static async Task AnswerAsync(Exchange exchange, RequestBody body)
    {
        if (exchange.Match.Route is SandboxRoute.ListGeminiModels or SandboxRoute.GetGeminiModel)
        {
            await AnswerModelsAsync(exchange);
            return;
        }
        var refusal = NativeAnswer.Read(
            body, root => new ContentCallReader(exchange, root).Read(), GeminiErrors.UnreadableJson, out var call);
        if (refusal is not null)
        {
            await Answers.RefuseAsync(exchange, refusal);
            return;
        }
        var isEvents = exchange.Match.Route is SandboxRoute.StreamGenerateContent && ContentStream.IsSse(exchange);
        if (call!.Knobs.HasFault && await Faults.StandInAsync(exchange, call.Knobs, waits: true, isEvents))
            return;
        await (exchange.Match.Route switch
        {
            SandboxRoute.StreamGenerateContent => ContentStream.AnswerAsync(exchange, call),
            SandboxRoute.CountContentTokens => ContentAnswer.CountAsync(exchange, call),
            SandboxRoute.PredictEmbeddings => PredictedEmbeddings.AnswerAsync(exchange, call),
            SandboxRoute.EmbedContent or SandboxRoute.BatchEmbedContents => ContentEmbeddings.AnswerAsync(exchange, call),
            _ => ContentAnswer.AnswerAsync(exchange, call),
        });
    }

    private static async Task AnswerModelsAsync(Exchange exchange)
    {
        var knobs = exchange.Sandbox.BasisKnobs;
        if (knobs.HasFault && await Faults.StandInAsync(exchange, knobs, waits: true, isStream: false))
            return;
        await (exchange.Match.Route is SandboxRoute.ListGeminiModels
            ? GeminiModels.ListAsync(exchange, knobs)
            : GeminiModels.GetAsync(exchange, knobs));
    }
}
