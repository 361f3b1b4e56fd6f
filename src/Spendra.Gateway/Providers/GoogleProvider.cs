using System.Collections.Immutable;
using System.Net.Http.Headers;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>Google's Gemini API, in its own format.</summary>
internal sealed class GoogleProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.Google)!)
{
    public override ImmutableArray<GovernedRoute> Routes { get; } =
        GeminiRoutes.Of("google", "/models/{model}", ["/v1beta", "/v1/providers/google/v1beta", "/v1/providers/google"], hasBatches: true);

    public override ImmutableArray<string> ClientHeaders => GeminiRoutes.ClientHeaders;

    public override ImmutableArray<string> ClientQuery => GeminiRoutes.ClientQuery;

    public override ImmutableArray<string> ProviderHeaders => [GeminiRoutes.TierHeader];

    public override string? ServedTierOf(HttpResponseHeaders headers) => GeminiRoutes.ServedTierOf(headers);

    public override ValueTask<CredentialOutcome> AuthorizeAsync(
        HttpRequestHeaders headers, string credential, AccessTokens tokens, CancellationToken cancel)
    {
        headers.TryAddWithoutValidation("x-goog-api-key", credential);
        return ValueTask.FromResult(CredentialOutcome.Present);
    }
}

/// <summary>
/// Google's door for OpenAI's clients. It takes the key as a bearer token, and its <c>completion_tokens</c> have not
/// always included thoughts.
/// </summary>
internal sealed class GoogleCompatibleProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.Google)!)
{
    private const string Collection = "models/";

    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        new()
        {
            Name = "google.chat.completions", Method = "POST", Pattern = "/chat/completions", UpstreamPattern = "/openai/chat/completions",
            Dialect = OpenAiDialect.Instance, ClientPrefixes = ["/v1/providers/google"], Intake = BodyIntake.Governed,
            Body = OpenAiBody.Chat, IsPriced = true, HasOutput = true, TellsNoKinds = true,
        },
        new()
        {
            Name = "google.embeddings", Method = "POST", Pattern = "/embeddings", UpstreamPattern = "/openai/embeddings",
            Dialect = OpenAiDialect.Instance, ClientPrefixes = ["/v1/providers/google"], Intake = BodyIntake.Governed,
            Body = OpenAiBody.Embeddings, IsPriced = true,
        },
    ];

    public override ImmutableArray<string> ProviderHeaders => [GeminiRoutes.TierHeader];

    public override string? ServedTierOf(HttpResponseHeaders headers) => GeminiRoutes.ServedTierOf(headers);

    public override bool TellsOutputInTotal => true;

    public override bool TellsUsageSoFar => true;

    public override string? PricedModelOf(ProviderAccount? account, string requested) =>
        requested.StartsWith(Collection, StringComparison.Ordinal) ? requested[Collection.Length..] : requested;
}
