using System.Collections.Immutable;
using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Tokens;

namespace Spendra.Gateway.Requests;

/// <summary>How a route's body is taken in.</summary>
internal enum BodyIntake
{
    /// <summary>Nothing is read or sent.</summary>
    None,
    /// <summary>JSON, or a form, that is held and read before it is decided upon.</summary>
    Governed,
    /// <summary>Bytes that stream through unread.</summary>
    Streamed,
}

/// <summary>
/// A route that reaches a provider. Every one of them makes a reservation first; those that cost nothing make one of
/// zero, so that no route goes around keys, epochs and the ledger. <see cref="ProviderList.Routes"/> has them all.
/// </summary>
internal sealed record GovernedRoute
{
    /// <summary>As the ledger names it: <c>chat.completions</c>.</summary>
    public required string Name { get; init; }

    public required string Method { get; init; }

    /// <summary>The path below each of <see cref="ClientPrefixes"/>.</summary>
    public required string Pattern { get; init; }

    public required Dialect Dialect { get; init; }

    /// <summary>Where clients find the route: the dialect's own place, and the one below <c>/v1/providers</c>.</summary>
    public required ImmutableArray<string> ClientPrefixes { get; init; }

    /// <summary>The path below the account's base URL, with <c>{id}</c> and <c>{model}</c>; the pattern unless it differs.</summary>
    public string UpstreamPattern { get => field ?? Pattern; init; }

    /// <summary>Set where the providers are listed.</summary>
    public UpstreamProvider Provider { get => field ?? throw new InvalidOperationException($"route {Name} belongs to no provider"); init; }

    public BodyIntake Intake { get; init; }

    /// <summary>Which of OpenAI's bodies it is, in that dialect.</summary>
    public OpenAiBody Body { get; init; }

    /// <summary>The call costs money: it needs a price and a bound.</summary>
    public bool IsPriced { get; init; }

    /// <summary>The call produces output tokens (embeddings do not).</summary>
    public bool HasOutput { get; init; }

    /// <summary>
    /// The service tier that is named upstream when the client names none: left to the provider, the project's own
    /// setting decides, and that may be a dearer tier. Null where the provider has no such setting.
    /// </summary>
    public string? ForcedTier { get; init; }

    /// <summary>
    /// The dearer tier that the provider would choose by itself. Where it has a price it is left to choose, and the
    /// request is bounded by that price. Null when <see cref="ForcedTier"/> holds always.
    /// </summary>
    public string? AutoTier { get; init; }

    /// <summary>
    /// What may multiply the rates without being asked for, where the price book has a multiplier for it, when no answer
    /// tells: it is settled as it is held. See <see cref="RequestFacts.PossibleTiers"/> for those that answers tell.
    /// </summary>
    public ImmutableArray<string> UntoldTiers { get; init; } = [];

    /// <summary>OpenAI's dialect: the most tokens by which the provider tells the model that there are tools.</summary>
    public long TokensForTools { get; init; }

    /// <summary>
    /// The usage in an answer has one number for text, images and sound. What has a rate of its own for one of them cannot be
    /// settled there.
    /// </summary>
    public bool TellsNoKinds { get; init; }

    /// <summary>Where the provider counts the input of such a call, or null.</summary>
    public CountingEndpoint? Counting { get; init; }

    /// <summary>The most choices that the provider makes for one request.</summary>
    public int MaxChoices { get; init; } = OpenAiRequestReader.MaxChoices;

    /// <summary>
    /// Several hosts serve a model, and the price book's maximum of output is that of one of them: it holds only where the
    /// request says it.
    /// </summary>
    public bool HasManyHosts { get; init; }

    /// <summary>
    /// OpenAI's dialect: the provider runs tools of its own, which the request can limit and whose calls the answer tells.
    /// Elsewhere they are refused.
    /// </summary>
    public bool RunsTools { get; init; }

    /// <summary>The path names the model, whatever the body says.</summary>
    public bool NamesModel => Pattern.Contains("{model}", StringComparison.Ordinal);

    /// <summary>What kind of object the call makes at the provider, or null.</summary>
    public ObjectKind? Makes { get; init; }

    /// <summary>What kind of object <c>{id}</c> in the pattern names, or null.</summary>
    public ObjectKind? Names { get; init; }

    /// <summary>The call deletes the object that it names.</summary>
    public bool Deletes { get; init; }

    /// <summary>The response may carry the usage of an earlier background response.</summary>
    public bool MaySettleBackground { get; init; }

    /// <summary>The call runs inside a session that is opened for it alone.</summary>
    public bool OpensSession { get; init; }

    /// <summary>The answer is put together from one request to the provider for each of the organization's batches.</summary>
    public bool ListsBatches { get; init; }

    /// <summary>A JSON response is the provider's own, not a file of the client's.</summary>
    public bool IsRead { get; init; } = true;
}
