using System.Collections.Immutable;
using System.Net.Http.Headers;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Tokens;

namespace Spendra.Gateway.Providers;

/// <summary>Anthropic itself, in its own dialect.</summary>
internal sealed class AnthropicProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.Anthropic)!)
{
    /// <summary>Below <c>/v1</c>, and below the provider's own place with and without the version that clients add.</summary>
    public static readonly ImmutableArray<string> ClientPrefixes = ["/v1", "/v1/providers/anthropic/v1", "/v1/providers/anthropic"];

    // The only version there is (platform.claude.com/docs/en/api/versioning, November 2026).
    private const string DefaultVersion = "2023-06-01";

    /// <summary>The status of a provider that had no capacity to begin.</summary>
    public const int Overloaded = 529;

    private static readonly GovernedRoute Route = new()
    {
        Dialect = AnthropicDialect.Instance,
        ClientPrefixes = ClientPrefixes,
        Name = "",
        Method = "POST",
        Pattern = "",
        Intake = BodyIntake.Governed,
    };

    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        Route with { Name = "messages", Pattern = "/messages", IsPriced = true, HasOutput = true, ForcedTier = "standard_only", AutoTier = "priority", Counting = CountingEndpoints.AnthropicMessages },
        Route with { Name = "messages.count_tokens", Pattern = "/messages/count_tokens" },
    ];

    // Versions, betas and whatever else the provider invents: its clients' agreement with it is not ours to edit.
    public override ImmutableArray<string> ClientHeaders => ["anthropic-*"];

    public override ImmutableArray<string> AccountHeaders =>
        ["anthropic-workspace-id", "anthropic-organization-id", "anthropic-user-profile-id"];

    public override ImmutableArray<string> ProviderHeaders => ["request-id", "anthropic-ratelimit-*"];

    public override ImmutableArray<string> ClientQuery => ["beta"];

    public override string RequestIdHeader => "request-id";

    public override ValueTask<CredentialOutcome> AuthorizeAsync(
        HttpRequestHeaders headers, string credential, AccessTokens tokens, CancellationToken cancel)
    {
        headers.TryAddWithoutValidation("x-api-key", credential);
        if (!headers.Contains(AnthropicDialect.VersionHeader)) headers.TryAddWithoutValidation(AnthropicDialect.VersionHeader, DefaultVersion);
        return ValueTask.FromResult(CredentialOutcome.Present);
    }

    /// <summary>529 says that the provider had no capacity to begin, as 503 does elsewhere.</summary>
    public override UpstreamVerdict Judge(int status) => status == Overloaded ? UpstreamVerdict.Refused : base.Judge(status);
}
