using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Providers;
using Spendra.Storage.Keys;

namespace Spendra.Gateway.Batches;

/// <summary>Where a batch lives, with what is needed to ask for it and to price it.</summary>
internal sealed class BatchDoor
{
    // Whatever is asked for here is asked for again: a minute of silence says as much as ten.
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(60);

    private readonly GatewayParts _parts;
    private readonly FollowPermit _permit;
    private readonly string _baseUrl;
    private readonly string _credential;

    private BatchDoor(GatewayParts parts, FollowPermit permit, UpstreamProvider provider, string baseUrl, string credential)
    {
        (_parts, _permit, _baseUrl, _credential) = (parts, permit, baseUrl, credential);
        Provider = provider;
    }

    public UpstreamProvider Provider { get; }

    /// <summary>Null at the sandbox.</summary>
    public ProviderAccount? Account { get; private init; }

    public required PriceBook Book { get; init; }

    /// <summary>The price version that the batch was reserved at; null for test keys, whose batches cost nothing.</summary>
    public PriceVersion? Price { get; private init; }

    /// <summary>Null while the account, its credential or the price cannot be had: the batch is asked for later.</summary>
    public static async ValueTask<BatchDoor?> OpenAsync(GatewayParts parts, ProviderObject batch, FollowPermit permit, CancellationToken cancel)
    {
        // No request may come that would notice a renewed credential, or a price version that the batch was reserved at.
        var snapshot = await parts.Snapshots.RefreshAsync(batch.OrganizationId, known: null, cancel);
        if (snapshot is not null && !await parts.Snapshots.IsCurrentAsync(snapshot, cancel)) snapshot = await parts.Snapshots.RefreshAsync(batch.OrganizationId, snapshot, cancel);
        if (snapshot is null || Lacks(snapshot, batch, permit)) return null;
        if (batch.AccountId == ProviderAccount.SandboxId)
        {
            return parts.Options.SandboxUrl is { } sandbox
                ? new BatchDoor(parts, permit, OfName(KnownProvider.OpenAi), OfName(KnownProvider.OpenAi).SandboxUrl(sandbox), "sandbox") { Book = snapshot.Prices }
                : null;
        }
        var account = snapshot.Accounts.First(a => a.AccountId == batch.AccountId);
        return CredentialOf(parts, batch.OrganizationId, account) is { } credential
            ? new BatchDoor(parts, permit, OfName(account.Provider), account.BaseUrl, credential)
            {
                Account = account,
                Book = snapshot.Prices,
                Price = permit.Reservation.PriceId is { } id ? snapshot.Rows.Prices[id] : null,
            }
            : null;
    }

    /// <summary>Asks for something that costs nothing. The answer's headers are there when this returns.</summary>
    /// <param name="path">Below the account's base URL, with its query.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="HttpRequestException">The provider could not be reached.</exception>
    public async Task<HttpResponseMessage> GetAsync(string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, UpstreamProvider.AddressOf(_baseUrl, path, query: ""));
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        if (await Provider.AuthorizeAsync(request.Headers, _credential, _parts.Tokens, cancel) != CredentialOutcome.Present)
            throw new HttpRequestException("the credential of the account cannot be used");
        return await _parts.Upstream.SendFollowingAsync(_permit, request, Account is null, cancel);
    }

    /// <summary>How long one answer is waited for.</summary>
    public CancellationTokenSource Wait(CancellationToken cancel)
    {
        var wait = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        wait.CancelAfter(AtMost(_parts.Options.UpstreamTimeoutSeconds));
        return wait;
    }

    /// <summary>So long, but not longer than what is tried again anyway is waited for.</summary>
    public static TimeSpan AtMost(int seconds) => TimeSpan.FromSeconds(Math.Min(seconds, MaxSilence.TotalSeconds));

    private static bool Lacks(GovernanceSnapshot snapshot, ProviderObject batch, FollowPermit permit) =>
        (permit.Reservation.PriceId is { } price && !snapshot.Rows.Prices.ContainsKey(price))
        || (batch.AccountId != ProviderAccount.SandboxId && snapshot.Accounts.All(a => a.AccountId != batch.AccountId));

    private static UpstreamProvider OfName(string name) => ProviderList.All.First(p => p.Name == name);

    private static string? CredentialOf(GatewayParts parts, Guid organizationId, ProviderAccount account)
    {
        try
        {
            return parts.Credentials.Open(organizationId, account);
        }
        catch (MasterKeyException)
        {
            return null;
        }
    }
}
