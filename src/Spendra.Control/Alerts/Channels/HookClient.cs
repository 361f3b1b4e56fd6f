using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Spendra.Control.Shell;

namespace Spendra.Control.Alerts.Channels;

/// <summary>
/// Posts JSON to addresses that people name. Delivered is what is answered with a status of success; nothing else of an answer
/// is read, kept or told.
/// </summary>
internal sealed class HookClient : IDisposable
{
    private readonly HttpMessageInvoker _client;
    private readonly TimeProvider _time;

    public HookClient(AlertOptions options, TimeProvider time)
    {
        _time = time;
        var handler = OutsideConnection.Handler(options.AllowInside);
        handler.ConnectTimeout = options.ConnectLimit;
        // Names are resolved and checked again and again.
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(1);
        _client = new HttpMessageInvoker(handler);
    }

    public async Task<SendResult> PostAsync(string address, byte[] body, IReadOnlyList<(string Name, string Value)> headers, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address))
        {
            Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "Spendra");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var response = await _client.SendAsync(request, cancel);
            var status = (int)response.StatusCode;
            return response.IsSuccessStatusCode ? new SendResult(true, status)
                : new SendResult(false, status, $"the answer was HTTP {status}", RetryAfter(response.Headers.RetryAfter));
        }
        catch (HttpRequestException e)
        {
            return new SendResult(false, Error: e.InnerException is InsideAddressException inside ? inside.Message : Said(e.HttpRequestError));
        }
    }

    public static byte[] Write(JsonObject body) => System.Text.Encoding.UTF8.GetBytes(body.ToJsonString());

    public void Dispose() => _client.Dispose();

    private long RetryAfter(RetryConditionHeaderValue? header)
    {
        var wanted = header?.Delta ?? (header?.Date is { } date ? date - _time.GetUtcNow() : TimeSpan.Zero);
        return Math.Max(0, wanted.Ticks / TimeSpan.TicksPerMicrosecond);
    }

    private static string Said(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "the name of the host is not known",
        HttpRequestError.ConnectionError => "no connection could be made",
        HttpRequestError.SecureConnectionError => "no secure connection could be made",
        _ => "the exchange broke off",
    };
}
