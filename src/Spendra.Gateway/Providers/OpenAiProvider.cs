using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Dialects.OpenAi.Media;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Tokens;

namespace Spendra.Gateway.Providers;

/// <summary>OpenAI itself.</summary>
internal sealed class OpenAiProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.OpenAi)!)
{
    private static readonly GovernedRoute Route = new()
    {
        Dialect = OpenAiDialect.Instance,
        ClientPrefixes = ["/v1", "/v1/providers/openai"],
        Name = "",
        Method = "POST",
        Pattern = "",
    };

    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        Route with { Name = "chat.completions", Pattern = "/chat/completions", Intake = BodyIntake.Governed, Body = OpenAiBody.Chat, IsPriced = true, HasOutput = true, ForcedTier = "default", RunsTools = true },
        Route with { Name = "responses", Pattern = "/responses", Intake = BodyIntake.Governed, Body = OpenAiBody.Responses, IsPriced = true, HasOutput = true, ForcedTier = "default", Makes = ObjectKind.Response, RunsTools = true, Counting = CountingEndpoints.OpenAiResponses },
        Route with { Name = "embeddings", Pattern = "/embeddings", Intake = BodyIntake.Governed, Body = OpenAiBody.Embeddings, IsPriced = true },
        Route with { Name = "responses.input_tokens", Pattern = "/responses/input_tokens", Intake = BodyIntake.Governed, Body = OpenAiBody.Responses },
        Route with { Name = "responses.get", Method = "GET", Pattern = "/responses/{id}", Body = OpenAiBody.Responses, Names = ObjectKind.Response, MaySettleBackground = true, RunsTools = true },
        Route with { Name = "responses.delete", Method = "DELETE", Pattern = "/responses/{id}", Names = ObjectKind.Response, Deletes = true },
        Route with { Name = "responses.cancel", Pattern = "/responses/{id}/cancel", Names = ObjectKind.Response, MaySettleBackground = true, RunsTools = true },
        Route with { Name = "responses.input_items", Method = "GET", Pattern = "/responses/{id}/input_items", Names = ObjectKind.Response },
        Route with { Name = "files.create", Pattern = "/files", Intake = BodyIntake.Streamed, Makes = ObjectKind.File },
        Route with { Name = "files.get", Method = "GET", Pattern = "/files/{id}", Names = ObjectKind.File },
        Route with { Name = "files.content", Method = "GET", Pattern = "/files/{id}/content", Names = ObjectKind.File, IsRead = false },
        Route with { Name = "files.delete", Method = "DELETE", Pattern = "/files/{id}", Names = ObjectKind.File, Deletes = true },
        .. MediaRoutes.Of(Route),
        Route with { Name = "moderations", Pattern = "/moderations", Intake = BodyIntake.Governed, Dialect = MediaDialect.Moderation },
        .. BatchRoutes.Of(Route),
    ];

    public override ImmutableArray<string> ClientHeaders => ["openai-beta", "x-client-request-id"];

    public override ImmutableArray<string> ProviderHeaders => ["openai-processing-ms", "openai-version", "openai-model"];

    public override ImmutableArray<string> ClientQuery =>
        ["include", "include[]", "stream", "starting_after", "include_obfuscation", "limit", "order", "after", "before"];
}
