using System.Collections.Immutable;
using System.Net.Http.Headers;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>
/// Google's models on Vertex AI. Project and location are the account's, whatever a client writes into its path. Models
/// are priced and permitted with their publisher: <c>google/gemini-…</c>.
/// </summary>
internal sealed class VertexProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.VertexAi)!)
{
    private const string Home = "/v1/providers/vertexai";
    private const string Place = "/projects/{project}/locations/{location}";
    private const string Publisher = "google/";

    /// <summary>Below the provider's own place, as Google's clients write it: with a version, and a project and location.</summary>
    public static readonly ImmutableArray<string> ClientPrefixes =
        [Home, $"{Home}/v1", $"{Home}/v1{Place}", $"{Home}/v1beta1", $"{Home}/v1beta1{Place}"];

    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        .. GeminiRoutes.Of("vertexai", "/publishers/google/models/{model}", ClientPrefixes, hasBatches: false),
        new()
        {
            Name = "vertexai.predict", Method = "POST", Pattern = "/publishers/google/models/{model}:predict", Dialect = PredictDialect.Instance,
            ClientPrefixes = ClientPrefixes, Intake = BodyIntake.Governed, IsPriced = true,
        },
        new()
        {
            Name = "vertexai.chat.completions", Method = "POST", Pattern = "/chat/completions", UpstreamPattern = "/endpoints/openapi/chat/completions",
            Dialect = OpenAiDialect.Instance, ClientPrefixes = [Home], Intake = BodyIntake.Governed,
            Body = OpenAiBody.Chat, IsPriced = true, HasOutput = true, TellsNoKinds = true,
        },
    ];

    // Not x-goog-user-project, which says who pays, nor the headers that choose a tier.
    public override ImmutableArray<string> ClientHeaders => GeminiRoutes.ClientHeaders;

    public override ImmutableArray<string> ClientQuery => GeminiRoutes.ClientQuery;

    public override bool TellsOutputInTotal => true;

    public override bool TellsUsageSoFar => true;

    public override string? PricedModelOf(ProviderAccount? account, string requested) =>
        requested.Contains('/', StringComparison.Ordinal) ? requested : Publisher + requested;

    public override async ValueTask<CredentialOutcome> AuthorizeAsync(
        HttpRequestHeaders headers, string credential, AccessTokens tokens, CancellationToken cancel)
    {
        var (outcome, token) = await VertexAccess.TokenOfAsync(credential, tokens, cancel);
        return outcome == CredentialOutcome.Present ? await base.AuthorizeAsync(headers, token, tokens, cancel) : outcome;
    }

    public override string SandboxUrl(Uri sandbox) => base.SandboxUrl(sandbox) + VertexAccess.SandboxPlace;
}
