using System.Text;
using System.Text.Json;
using Spendra.Core.Money;
using Spendra.Proof.Worlds;
using Spendra.Sandbox;

namespace Spendra.Proof.Failover;

/// <summary>Calls a gateway as any client would and keeps what it was told.</summary>
internal sealed class Client(string folder, ClientJournal journal) : IDisposable
{
    private const int MaxOutput = 32;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
    {
        Timeout = TimeSpan.FromSeconds(90),
    };

    private readonly Dictionary<string, string> _secrets = ReadSecrets(Path.Combine(folder, "applied.json"));
    private long _attempts;

    /// <summary>What each call costs, by hand.</summary>
    public static NanoUsd Cost { get; } = Company.CallCost(SandboxUsage.OutputTokens(MaxOutput));

    /// <param name="gateway">Its address.</param>
    /// <param name="caller">Whose key.</param>
    /// <param name="isStreamed">Whether the answer is a stream of events.</param>
    /// <param name="idempotencyKey">Null: none.</param>
    /// <param name="hangUp">Cancelled when the client loses patience.</param>
    public async Task<Attempt> CallAsync(
        Uri gateway, string caller, bool isStreamed, string? idempotencyKey = null, CancellationToken hangUp = default)
    {
        var attempt = new Attempt
        {
            Id = $"a{Interlocked.Increment(ref _attempts)}",
            Caller = caller,
            IdempotencyKey = idempotencyKey,
            IsStreamed = isStreamed,
            BegunAt = DateTimeOffset.UtcNow,
        };
        try
        {
            using var request = Request(gateway, attempt);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp);
            attempt = attempt with
            {
                Status = (int)response.StatusCode,
                RequestId = Guid.TryParse(Header(response, "x-spendra-request-id"), out var id) ? id : null,
                Reserved = Amount(Header(response, "x-spendra-reserved-usd")),
                Cost = Amount(Header(response, "x-spendra-cost-usd")),
            };
            var body = await response.Content.ReadAsStringAsync(hangUp);
            attempt = attempt with { Code = attempt.IsAcknowledged ? null : CodeOf(body) };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            attempt = attempt with { IsBroken = true };
        }
        attempt = attempt with { EndedAt = DateTimeOffset.UtcNow };
        journal.Add(attempt);
        return attempt;
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(Uri gateway, Attempt attempt)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "/v1/chat/completions"));
        request.Headers.Add("Authorization", $"Bearer {_secrets[attempt.Caller]}");
        request.Headers.Add("x-client-request-id", attempt.Id);
        if (attempt.IdempotencyKey is { } key) request.Headers.Add("idempotency-key", key);
        request.Content = new StringContent(JsonSerializer.Serialize(new
        {
            model = Company.Model,
            max_completion_tokens = MaxOutput,
            stream = attempt.IsStreamed,
            metadata = new { sandbox = attempt.IsStreamed ? "chunk_ms=5" : "latency_ms=40" },
            messages = new[] { new { role = "user", content = Company.Prompt } },
        }), Encoding.UTF8, "application/json");
        return request;
    }

    private static Dictionary<string, string> ReadSecrets(string path)
    {
        using var applied = JsonDocument.Parse(File.ReadAllText(path));
        return applied.RootElement.GetProperty("keys").EnumerateArray()
            .ToDictionary(k => k.GetProperty("slug").GetString()!, k => k.GetProperty("secret").GetString()!);
    }

    private static string? CodeOf(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.GetProperty("error").GetProperty("code").GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    private static NanoUsd? Amount(string? text) => NanoUsd.TryParse(text, out var amount) ? amount : null;
}
