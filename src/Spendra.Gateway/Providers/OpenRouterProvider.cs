using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>
/// OpenRouter: other makers' models in OpenAI's formats. It says what each call cost, and that is what is settled. It
/// keeps no responses, so that there are no routes for them.
/// </summary>
internal sealed class OpenRouterProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.OpenRouter)!)
{
    private static readonly GovernedRoute Route = new()
    {
        Dialect = OpenRouterDialect.Instance,
        ClientPrefixes = ["/v1/providers/openrouter"],
        Name = "",
        Method = "POST",
        Pattern = "",
        Intake = BodyIntake.Governed,
        IsPriced = true,
        HasManyHosts = true,
    };

    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        Route with { Name = "chat.completions", Pattern = "/chat/completions", Body = OpenAiBody.Chat, HasOutput = true },
        Route with { Name = "responses", Pattern = "/responses", Body = OpenAiBody.Responses, HasOutput = true },
        Route with { Name = "embeddings", Pattern = "/embeddings", Body = OpenAiBody.Embeddings },
    ];

    /// <summary>By these an application names itself to OpenRouter.</summary>
    public override ImmutableArray<string> ClientHeaders => ["http-referer", "x-title", "x-openrouter-title", "x-openrouter-categories"];

    public override ImmutableArray<string> ProviderHeaders => ["x-generation-id"];

    /// <summary>The id by which a call is found again at OpenRouter.</summary>
    public override string RequestIdHeader => "x-generation-id";

    public override bool TellsBilledCost => true;
}
