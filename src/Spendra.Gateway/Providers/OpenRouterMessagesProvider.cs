using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>
/// OpenRouter's door for Anthropic's clients. It stands beside <see cref="OpenRouterProvider"/> because of its headers: a
/// beta may open a larger context, and only this format is read for that.
/// </summary>
internal sealed class OpenRouterMessagesProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.OpenRouter)!)
{
    private const string Home = "/v1/providers/openrouter";

    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        new()
        {
            Name = "openrouter.messages", Method = "POST", Pattern = "/messages", Dialect = OpenRouterMessagesDialect.Instance,
            ClientPrefixes = [Home, Home + "/v1"], Intake = BodyIntake.Governed, IsPriced = true, HasOutput = true,
        },
    ];

    public override ImmutableArray<string> ClientHeaders =>
        ["anthropic-beta", "anthropic-version", "http-referer", "x-title", "x-openrouter-title", "x-openrouter-categories"];

    public override ImmutableArray<string> ProviderHeaders => ["x-generation-id"];

    public override ImmutableArray<string> ClientQuery => ["beta"];

    public override string RequestIdHeader => "x-generation-id";

    public override bool TellsBilledCost => true;
}
