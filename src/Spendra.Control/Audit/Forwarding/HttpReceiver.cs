using System.Net;
using System.Net.Http.Headers;

namespace Spendra.Control.Audit.Forwarding;

/// <summary>Posts records to an address that the operator has configured, one JSON object per line; confirmed is what is answered with a status of success.</summary>
internal sealed class HttpReceiver : IAuditReceiver
{
    private readonly Uri _address;
    private readonly string? _token;
    // Without a propagator there is no activity, which would hold the whole address.
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null, PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    });

    public HttpReceiver(ForwardOptions options) => (_address, _token) = (options.Url!, options.RevealToken());

    public async Task TellAsync(IReadOnlyList<ForwardedRecord> records, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ByteArrayContent(Lines(records)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        request.Headers.TryAddWithoutValidation("User-Agent", "Spendra");
        if (_token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        try
        {
            using var response = await _client.SendAsync(request, cancel);
            if (response.IsSuccessStatusCode) return;
            throw new ForwardException($"the answer was HTTP {(int)response.StatusCode}", IsOfReceiver(response.StatusCode));
        }
        catch (HttpRequestException e)
        {
            throw new ForwardException($"no exchange was possible ({e.HttpRequestError})", isOfReceiver: true);
        }
        catch (IOException)
        {
            throw new ForwardException("the exchange broke off", isOfReceiver: true);
        }
    }

    public void Dispose() => _client.Dispose();

    // A wrong token, an address that is not there, being told to wait and failures of the server are the same for all records.
    private static bool IsOfReceiver(HttpStatusCode status) =>
        (int)status is < 400 or >= 500 or 401 or 403 or 404 or 408 or 429;

    private static byte[] Lines(IReadOnlyList<ForwardedRecord> records)
    {
        using var lines = new MemoryStream();
        foreach (var record in records)
        {
            lines.Write(record.Json);
            lines.WriteByte((byte)'\n');
        }
        return lines.ToArray();
    }
}
