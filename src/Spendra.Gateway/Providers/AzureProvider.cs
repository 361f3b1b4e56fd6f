using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>
/// Azure OpenAI: the v1 API, where a body's model is the name of a deployment, and the older one, where the path has
/// that name. What a deployment costs is known only through the account, which says the model behind each.
/// </summary>
internal sealed class AzureProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.Azure)!)
{
    /// <summary>Of the v1 API: Azure's own path, at its own place and below the provider's, and what every provider has.</summary>
    public static readonly ImmutableArray<string> ClientPrefixes = ["/openai/v1", "/v1/providers/azure/openai/v1", "/v1/providers/azure"];

    /// <summary>Of the older API.</summary>
    public static readonly ImmutableArray<string> LegacyClientPrefixes = ["/openai", "/v1/providers/azure/openai"];

    private static readonly GovernedRoute Current = new()
    {
        Dialect = OpenAiDialect.Instance,
        ClientPrefixes = ClientPrefixes,
        Name = "",
        Method = "POST",
        Pattern = "",
    };

    /// <summary>
    /// Since this version a deployment may have a dearer tier of its own, which serves what names none (Microsoft, "priority
    /// processing").
    /// </summary>
    private static readonly DateOnly FirstTiers = new(2025, 10, 1);

    private static readonly GovernedRoute Legacy = Current with { ClientPrefixes = LegacyClientPrefixes };

    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        Current with { Name = "chat.completions", Pattern = "/chat/completions", UpstreamPattern = "/v1/chat/completions", Intake = BodyIntake.Governed, Body = OpenAiBody.Chat, IsPriced = true, HasOutput = true, ForcedTier = "default" },
        Current with { Name = "responses", Pattern = "/responses", UpstreamPattern = "/v1/responses", Intake = BodyIntake.Governed, Body = OpenAiBody.Responses, IsPriced = true, HasOutput = true, ForcedTier = "default", Makes = ObjectKind.Response, RunsTools = true },
        Current with { Name = "embeddings", Pattern = "/embeddings", UpstreamPattern = "/v1/embeddings", Intake = BodyIntake.Governed, Body = OpenAiBody.Embeddings, IsPriced = true },
        Current with { Name = "responses.input_tokens", Pattern = "/responses/input_tokens", UpstreamPattern = "/v1/responses/input_tokens", Intake = BodyIntake.Governed, Body = OpenAiBody.Responses },
        Current with { Name = "responses.get", Method = "GET", Pattern = "/responses/{id}", UpstreamPattern = "/v1/responses/{id}", Body = OpenAiBody.Responses, Names = ObjectKind.Response, MaySettleBackground = true, RunsTools = true },
        Current with { Name = "responses.delete", Method = "DELETE", Pattern = "/responses/{id}", UpstreamPattern = "/v1/responses/{id}", Names = ObjectKind.Response, Deletes = true },
        Current with { Name = "responses.cancel", Pattern = "/responses/{id}/cancel", UpstreamPattern = "/v1/responses/{id}/cancel", Names = ObjectKind.Response, MaySettleBackground = true, RunsTools = true },
        Current with { Name = "responses.input_items", Method = "GET", Pattern = "/responses/{id}/input_items", UpstreamPattern = "/v1/responses/{id}/input_items", Names = ObjectKind.Response },
        // The older API knows service tiers in its later versions, and refuses members that it does not know.
        Legacy with { Name = "chat.completions", Pattern = "/deployments/{model}/chat/completions", Intake = BodyIntake.Governed, Body = OpenAiBody.Chat, IsPriced = true, HasOutput = true },
        Legacy with { Name = "embeddings", Pattern = "/deployments/{model}/embeddings", Intake = BodyIntake.Governed, Body = OpenAiBody.Embeddings, IsPriced = true },
        Legacy with { Name = "responses", Pattern = "/responses", Intake = BodyIntake.Governed, Body = OpenAiBody.Responses, IsPriced = true, HasOutput = true, Makes = ObjectKind.Response, RunsTools = true },
        Legacy with { Name = "responses.get", Method = "GET", Pattern = "/responses/{id}", Body = OpenAiBody.Responses, Names = ObjectKind.Response, MaySettleBackground = true, RunsTools = true },
        Legacy with { Name = "responses.delete", Method = "DELETE", Pattern = "/responses/{id}", Names = ObjectKind.Response, Deletes = true },
        Legacy with { Name = "responses.cancel", Pattern = "/responses/{id}/cancel", Names = ObjectKind.Response, MaySettleBackground = true, RunsTools = true },
        Legacy with { Name = "responses.input_items", Method = "GET", Pattern = "/responses/{id}/input_items", Names = ObjectKind.Response },
        .. MediaRoutes.Of(Current, upstream: "/v1"),
        .. MediaRoutes.Of(Legacy, "/deployments/{model}"),
    ];

    public override ImmutableArray<string> ClientHeaders => ["x-ms-client-request-id", "openai-beta"];

    public override ImmutableArray<string> ProviderHeaders => ["apim-request-id", "x-ms-region", "x-ms-client-request-id"];

    public override ImmutableArray<string> ClientQuery =>
        ["api-version", "include", "include[]", "stream", "starting_after", "include_obfuscation", "limit", "order", "after", "before"];

    public override string RequestIdHeader => "apim-request-id";

    public override string? ForcedTierOf(GovernedCall call)
    {
        if (call.Route.ForcedTier is not null || call.Route is not { HasOutput: true, Dialect: OpenAiDialect }) return call.Route.ForcedTier;
        // A client that names the member itself takes the API for one that knows it.
        return !call.Facts.ServiceTierSpan.IsEmpty || KnowsTiers(call.Context.Request.Query["api-version"]) ? PriceVersion.DefaultTier : null;
    }

    /// <summary>Only a version that is surely older does not: <c>2024-10-21</c>, <c>2025-04-01-preview</c>.</summary>
    private static bool KnowsTiers(StringValues versions)
    {
        const string form = "yyyy-MM-dd";
        foreach (var version in versions)
        {
            if (version is null || version.Length < form.Length) return true;
            if (!DateOnly.TryParseExact(version.AsSpan(0, form.Length), form, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) || date >= FirstTiers) return true;
        }
        return versions.Count == 0;
    }

    /// <summary>The model behind a deployment; null when the account does not say it: a name alone tells no price.</summary>
    public override string? PricedModelOf(ProviderAccount? account, string requested) =>
        account is null || requested.Length == 0 ? requested : account.Settings.Deployments.GetValueOrDefault(requested);

    /// <summary>The oldest account that has the deployment; without one, the oldest, so that the refusal can name it.</summary>
    public override ProviderAccount? AccountFor(GovernanceSnapshot snapshot, string requestedModel)
    {
        ProviderAccount? first = null;
        foreach (var account in snapshot.Accounts)
        {
            if (account.Provider != Name) continue;
            if (account.Settings.Deployments.ContainsKey(requestedModel)) return account;
            first ??= account;
        }
        return first;
    }

    public override string ExplainUnknown(string requested) =>
        $"Deployment '{requested}' is in no Azure account here, so its model and price are not known. "
        + "Ask the platform's owner to add it to the account's 'deployments'.";

    public override async ValueTask<CredentialOutcome> AuthorizeAsync(
        HttpRequestHeaders headers, string credential, AccessTokens tokens, CancellationToken cancel)
    {
        if (!credential.StartsWith('{'))
        {
            headers.TryAddWithoutValidation("api-key", credential);
            return CredentialOutcome.Present;
        }
        if (EntraApplication.Parse(credential) is not { } application) return CredentialOutcome.Malformed;
        if (await tokens.GetAsync(credential, new EntraGrant(application, tokens.Logger).BuyAsync, cancel) is not { } token) return CredentialOutcome.NoToken;
        headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return CredentialOutcome.Present;
    }
}
