using System.Collections.Immutable;
using System.Net.Http.Headers;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>
/// Anthropic's models on Vertex AI: its messages behind Google's front door. Clients find them where Anthropic's own
/// clients look, and where those for Vertex AI do. Models are priced and permitted with their publisher:
/// <c>anthropic/claude-…</c>.
/// </summary>
internal sealed class VertexClaudeProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.VertexAi)!)
{
    private const string Home = "/v1/providers/vertexai";
    private const string Publisher = "anthropic/";
    private const string Models = "/publishers/anthropic/models";
    private const string Count = Models + "/count-tokens:rawPredict";
    private const string Verb = "{verb}";

    private static readonly GovernedRoute Native = new()
    {
        Dialect = VertexClaudeDialect.Instance,
        ClientPrefixes = [Home, Home + "/v1"],
        Name = "",
        Method = "POST",
        Pattern = "",
        Intake = BodyIntake.Governed,
    };

    private static readonly GovernedRoute Raw = Native with { ClientPrefixes = VertexProvider.ClientPrefixes };

    // Vertex AI has no service tiers for these models, and refuses members that it does not know: none is forced.
    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        Native with { Name = "vertexai.messages", Pattern = "/messages", UpstreamPattern = $"{Models}/{{model}}:{Verb}", IsPriced = true, HasOutput = true },
        Native with { Name = "vertexai.messages.count_tokens", Pattern = "/messages/count_tokens", UpstreamPattern = Count },
        Raw with { Name = "vertexai.predict.count_tokens", Pattern = Count },
        Raw with { Name = "vertexai.predict.message", Pattern = Models + "/{model}:rawPredict", IsPriced = true, HasOutput = true },
        Raw with { Name = "vertexai.predict.message_stream", Pattern = Models + "/{model}:streamRawPredict", IsPriced = true, HasOutput = true },
    ];

    // What Claude Code asks of a gateway in this format. No query: Google refuses parameters that it does not know.
    public override ImmutableArray<string> ClientHeaders => ["anthropic-beta", "anthropic-version"];

    public override ImmutableArray<string> ProviderHeaders => ["request-id"];

    public override string RequestIdHeader => "request-id";

    public override string? PricedModelOf(ProviderAccount? account, string requested) => Publisher + requested;

    /// <summary>The date of a snapshot stands behind an <c>@</c>, which paths may have as it is.</summary>
    public override string PathOf(GovernedCall call) => base.PathOf(call)
        .Replace("%40", "@", StringComparison.Ordinal)
        .Replace(Verb, call.Facts.IsStream ? "streamRawPredict" : "rawPredict", StringComparison.Ordinal);

    public override async ValueTask<CredentialOutcome> AuthorizeAsync(
        HttpRequestHeaders headers, string credential, AccessTokens tokens, CancellationToken cancel)
    {
        var (outcome, token) = await VertexAccess.TokenOfAsync(credential, tokens, cancel);
        return outcome == CredentialOutcome.Present ? await base.AuthorizeAsync(headers, token, tokens, cancel) : outcome;
    }

    /// <summary>529 as at Anthropic itself: no capacity to begin.</summary>
    public override UpstreamVerdict Judge(int status) =>
        status == AnthropicProvider.Overloaded ? UpstreamVerdict.Refused : base.Judge(status);

    public override string SandboxUrl(Uri sandbox) => base.SandboxUrl(sandbox) + VertexAccess.SandboxPlace;
}
