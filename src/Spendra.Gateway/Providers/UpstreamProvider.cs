using System.Collections.Immutable;
using System.Net.Http.Headers;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Providers;

/// <summary>
/// A provider: which routes it serves and where, how it is authenticated to, how it names models, and what its answers
/// say about its bill. One object per provider, without state.
/// </summary>
internal abstract class UpstreamProvider(KnownProvider known)
{
    private readonly KnownProvider _known = known;

    public string Name => _known.Name;

    /// <summary>The governed routes of this provider, in the order in which they are mapped.</summary>
    public abstract ImmutableArray<GovernedRoute> Routes { get; }

    /// <summary>
    /// Headers of clients that reach this provider beside those that reach every one, by name. See
    /// <see cref="Forwarding.HeaderRules"/>.
    /// </summary>
    public virtual ImmutableArray<string> ClientHeaders => [];

    /// <summary>
    /// Headers that say whom the provider bills or serves, by name: they are the account's, and no client's reach it,
    /// whatever <see cref="ClientHeaders"/> says.
    /// </summary>
    public virtual ImmutableArray<string> AccountHeaders => [];

    /// <summary>Headers of this provider that reach clients, by name.</summary>
    public virtual ImmutableArray<string> ProviderHeaders => [];

    /// <summary>Query parameters of clients that reach this provider, by name.</summary>
    public virtual ImmutableArray<string> ClientQuery => [];

    /// <summary>The header in which this provider tells its own id of a request.</summary>
    public virtual string RequestIdHeader => "x-request-id";

    /// <summary>
    /// The tier that the headers of an answer name, in the words of the price book, for bodies that name none; or null.
    /// </summary>
    public virtual string? ServedTierOf(HttpResponseHeaders headers) => null;

    /// <summary>Whether a cost in the provider's usage is what it bills, and so what is settled.</summary>
    public virtual bool TellsBilledCost => false;

    /// <summary>
    /// Whether OpenAI's format, spoken by this provider, may leave reasoning out of the output and count it in the total.
    /// </summary>
    public virtual bool TellsOutputInTotal => false;

    /// <summary>
    /// Whether each chunk of a stream in OpenAI's format may tell the usage so far, which is less than the bill: then only
    /// what was told when the stream ended with <c>[DONE]</c> counts.
    /// </summary>
    public virtual bool TellsUsageSoFar => false;

    /// <summary>The tier that is named upstream when the client leaves it to the provider; see <see cref="GovernedRoute.ForcedTier"/>.</summary>
    public virtual string? ForcedTierOf(GovernedCall call) => call.Route.ForcedTier;

    /// <summary>
    /// The exact id under which the price book has a model that a request names; null when that is not known.
    /// </summary>
    public virtual string? PricedModelOf(ProviderAccount? account, string requested) => requested;

    /// <summary>Tells a client that <see cref="PricedModelOf"/> knows nothing of its model.</summary>
    public virtual string ExplainUnknown(string requested) => $"Model '{requested}' is not known at provider '{Name}'.";

    /// <summary>The account that serves a request, or null.</summary>
    public virtual ProviderAccount? AccountFor(GovernanceSnapshot snapshot, string requestedModel) => snapshot.AccountFor(Name);

    /// <summary>The account that serves a call, or null.</summary>
    public virtual ProviderAccount? AccountOf(GovernedCall call) => AccountFor(call.Snapshot, call.Facts.Model);

    /// <summary>How a caller is refused when there is no account.</summary>
    public virtual Refusal HasNoAccount(GovernedCall call) =>
        new(RefusalCode.ProviderUnavailable, $"There is no account for provider '{Name}'. Ask the platform's owner to add one.");

    /// <summary>The server of tools that a call goes to, or null where the provider has none.</summary>
    public virtual string? ToolServerOf(GovernedCall call) => null;

    /// <summary>The price version in force for what a request names, or null.</summary>
    public virtual PriceVersion? PriceOf(PriceBook prices, string model, long atMicros) => prices.Find(Name, model, atMicros);

    /// <summary>What a caller reads when there is no price.</summary>
    public virtual string HasNoPrice(string model) =>
        $"Model '{model}' has no price at provider '{Name}'. Ask for it to be added to the price book, by its exact id.";

    /// <summary>The path below the account's base URL.</summary>
    public virtual string PathOf(GovernedCall call)
    {
        var path = call.Route.UpstreamPattern;
        if (call.NamedObjectId is { } id) path = path.Replace("{id}", id, StringComparison.Ordinal);
        // A model's name is the client's: nothing in it may become part of the path's structure.
        return path.Contains("{model}", StringComparison.Ordinal)
            ? path.Replace("{model}", Uri.EscapeDataString(call.Facts.Model), StringComparison.Ordinal)
            : path;
    }

    /// <summary>Puts the credential into the request; a value that says why it cannot.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="credential">The opened credential of the account.</param>
    /// <param name="tokens">Where access tokens that a credential buys are kept.</param>
    /// <param name="cancel">Ends the wait for such a token.</param>
    public virtual ValueTask<CredentialOutcome> AuthorizeAsync(
        HttpRequestHeaders headers, string credential, AccessTokens tokens, CancellationToken cancel)
    {
        headers.TryAddWithoutValidation("Authorization", "Bearer " + credential);
        return ValueTask.FromResult(CredentialOutcome.Present);
    }

    /// <summary>
    /// 4xx answers come before any work, as does 503 "overloaded". A redirect is not followed, so nothing was done
    /// either. Other 5xx, 408 and 499 (Google's "cancelled", a proxy's "client closed request") come after the request was
    /// taken in: whether tokens were produced is not known.
    /// </summary>
    public virtual UpstreamVerdict Judge(int status) => status switch
    {
        >= 200 and < 300 => UpstreamVerdict.Worked,
        503 => UpstreamVerdict.Refused,
        408 or 499 => UpstreamVerdict.Unknown,
        >= 300 and < 500 => UpstreamVerdict.Refused,
        _ => UpstreamVerdict.Unknown,
    };

    /// <summary>Where test keys reach the sandbox's version of this provider.</summary>
    /// <param name="sandbox">The sandbox's OpenAI address, which ends with <c>/v1</c>.</param>
    public virtual string SandboxUrl(Uri sandbox)
    {
        var root = sandbox.ToString().TrimEnd('/');
        const string version = "/v1";
        return (root.EndsWith(version, StringComparison.Ordinal) ? root[..^version.Length] : root) + _known.RootPath;
    }

    /// <summary>The address of a route: the path follows the account's base URL.</summary>
    public static Uri AddressOf(string baseUrl, string path, string query) => new(baseUrl.TrimEnd('/') + path + query);
}

/// <summary>Whether a request could be given a credential.</summary>
internal enum CredentialOutcome
{
    Present,
    /// <summary>The credential is not of a form that the provider takes.</summary>
    Malformed,
    /// <summary>The service that sells access tokens refused, or could not be reached.</summary>
    NoToken,
}
