using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Messages;

/// <summary>Anthropic's routes, from a body on.</summary>
internal static class MessageRoutes
{
    public static async Task AnswerAsync(Exchange exchange, RequestBody body)
    {
        if (exchange.Match.Dialect is Dialect.Anthropic && exchange.Context.Request.Headers[MessagePaths.VersionHeader].Count == 0)
        {
            await Answers.RefuseAsync(exchange, MessageErrors.NoVersion);
            return;
        }
        if (exchange.Match.Route is SandboxRoute.ListClaudeModels or SandboxRoute.GetClaudeModel)
        {
            await AnswerModelsAsync(exchange);
            return;
        }
        var refusal = NativeAnswer.Read(
            body, root => new MessageCallReader(exchange, root).Read(), MessageErrors.UnreadableJson, out var call);
        if (refusal is not null)
        {
            await Answers.RefuseAsync(exchange, refusal);
            return;
        }
        var isCount = exchange.Match.Route is SandboxRoute.CountMessageTokens;
        if (call!.Knobs.HasFault && await Faults.StandInAsync(exchange, call.Knobs, waits: true, call.Stream && !isCount))
            return;
        await (isCount ? MessageAnswer.CountAsync(exchange, call)
            : call.Stream ? MessageStream.AnswerAsync(exchange, call)
            : MessageAnswer.AnswerAsync(exchange, call));
    }

    private static async Task AnswerModelsAsync(Exchange exchange)
    {
        var knobs = exchange.Sandbox.BasisKnobs;
        if (knobs.HasFault && await Faults.StandInAsync(exchange, knobs, waits: true, isStream: false))
            return;
        await (exchange.Match.Route is SandboxRoute.ListClaudeModels
            ? ClaudeModels.ListAsync(exchange, knobs)
            : ClaudeModels.GetAsync(exchange, knobs));
    }
}
