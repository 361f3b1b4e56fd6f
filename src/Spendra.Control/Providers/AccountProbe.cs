using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Providers;

/// <summary>Which addresses test calls may reach: as for the gateway.</summary>
/// <param name="AllowInside">Private, loopback and link-local addresses too.</param>
public sealed record ProbeOptions(bool AllowInside = false);

/// <summary>
/// Makes one call that costs nothing with an account's credential: a list of models, or how an exchange with a server of tools begins.
/// No redirect, no proxy, no inside address; the body of the answer is not read and nothing of it is told.
/// </summary>
internal sealed class AccountProbe : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly MasterKey _masterKey;
    private readonly HttpMessageInvoker _client;

    public AccountProbe(MasterKey masterKey, ProbeOptions options)
    {
        _masterKey = masterKey;
        var handler = OutsideConnection.Handler(options.AllowInside);
        handler.PooledConnectionLifetime = TimeSpan.Zero;
        _client = new HttpMessageInvoker(handler);
    }

    public async Task<Outcome<TestView>> TryAsync(Guid organizationId, ProviderAccount account, CancellationToken cancel)
    {
        string? secret;
        try
        {
            secret = AccountCredential.Open(_masterKey, organizationId, account);
        }
        catch (MasterKeyException e)
        {
            return new Problem(ProblemKind.WrongState, $"The credential cannot be used: {e.Message}.");
        }
        if (secret is null) return Outcome<TestView>.Done(new TestView(false, null, 0, "the environment variable of the credential is not set where this runs"));
        // Access tokens are bought by gateways only.
        if (secret.StartsWith('{'))
            return new Problem(ProblemKind.WrongState, "A credential that an access token is bought with cannot be tested here: make a call with a test of your own through the gateway.");
        using var request = Request(account, secret);
        return Outcome<TestView>.Done(await SendAsync(request, cancel));
    }

    public void Dispose() => _client.Dispose();

    private async Task<TestView> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var response = await _client.SendAsync(request, patience.Token);
            return new TestView(true, (int)response.StatusCode, Elapsed(began), null);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new TestView(false, null, Elapsed(began), $"no answer within {Patience.TotalSeconds:0} seconds");
        }
        catch (HttpRequestException e)
        {
            return new TestView(false, null, Elapsed(began), e.InnerException is InsideAddressException ? "the address is private, which is not permitted here" : Said(e.HttpRequestError));
        }
    }

    private static string Said(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "the name of the host is not known",
        HttpRequestError.ConnectionError => "no connection could be made",
        HttpRequestError.SecureConnectionError => "no secure connection could be made",
        _ => "the exchange broke off",
    };

    private static long Elapsed(long began) => (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds;

    // Each provider's API reference, November 2026.
    private static HttpRequestMessage Request(ProviderAccount account, string secret)
    {
        var request = account.Provider switch
        {
            KnownProvider.Mcp => Initialize(account.BaseUrl),
            // Its list of models is open to anybody: what the key is is not.
            KnownProvider.OpenRouter => Get(account.BaseUrl, "/key"),
            KnownProvider.Azure => Get(account.BaseUrl, "/models?api-version=2024-10-21"),
            KnownProvider.Anthropic => Get(account.BaseUrl, "/models?limit=1"),
            _ => Get(account.BaseUrl, "/models"),
        };
        request.Version = HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        if (secret.Length == 0) return request;
        switch (account.Provider)
        {
            case KnownProvider.Anthropic:
                request.Headers.TryAddWithoutValidation("x-api-key", secret);
                request.Headers.TryAddWithoutValidation("anthropic-version", "2023-06-01");
                break;
            case KnownProvider.Google:
                request.Headers.TryAddWithoutValidation("x-goog-api-key", secret);
                break;
            case KnownProvider.Azure:
                request.Headers.TryAddWithoutValidation("api-key", secret);
                break;
            default:
                request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + secret);
                break;
        }
        return request;
    }

    private static HttpRequestMessage Get(string baseUrl, string path) => new(HttpMethod.Get, new Uri(baseUrl.TrimEnd('/') + path));

    private static HttpRequestMessage Initialize(string address)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address))
        {
            Content = new ByteArrayContent("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"spendra","version":"1"}}}"""u8.ToArray()),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        return request;
    }
}
