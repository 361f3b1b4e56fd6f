using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>
/// Anthropic's models in OpenAI's dialect, for clients that speak no other. The provider takes the key as a bearer
/// token there, makes one choice only, and knows no prompt cache. It ignores service tiers there, and its answers tell
/// neither the capacity nor the place that served: both are the workspace's to choose.
/// </summary>
internal sealed class AnthropicChatProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.Anthropic)!)
{
    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        new()
        {
            Dialect = OpenAiDialect.Instance,
            ClientPrefixes = ["/v1/providers/anthropic"],
            Name = "chat.completions",
            Method = "POST",
            Pattern = "/chat/completions",
            Intake = BodyIntake.Governed,
            Body = OpenAiBody.Chat,
            IsPriced = true,
            HasOutput = true,
            MaxChoices = 1,
            UntoldTiers = ["us", "priority"],
            TokensForTools = AnthropicTools.TokensOfPresence,
        },
    ];

    public override ImmutableArray<string> ProviderHeaders => ["request-id", "anthropic-ratelimit-*"];

    public override string RequestIdHeader => "request-id";
}
