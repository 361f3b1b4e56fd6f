using System.Text.Json;
using Spendra.Core.Money;

namespace Spendra.Proof.Worlds;

/// <summary>One sending of a call and all that its client was told, written down the moment it was.</summary>
internal sealed record Attempt(Call Call, int Number)
{
    /// <summary>Goes to the provider as <c>x-client-request-id</c>.</summary>
    public string Id => $"{Call.Id}.{Number}";

    public DateTimeOffset BegunAt { get; init; }

    /// <summary>When the head of the answer came or, without one, when its client gave up; the default while neither has happened.</summary>
    public DateTimeOffset EndedAt { get; init; }

    /// <summary>0 when no head of an answer came.</summary>
    public int Status { get; init; }

    /// <summary>The answer came to its end, by HTTP's rules and by its own.</summary>
    public bool IsComplete { get; init; }

    /// <summary>The answer ended as HTTP lets it end.</summary>
    public bool HasEnded { get; init; }

    public Guid? RequestId { get; init; }

    public NanoUsd? Reserved { get; init; }

    public NanoUsd? Cost { get; init; }

    /// <summary>The id of the object that was made, when one was.</summary>
    public string? ObjectId { get; init; }

    public string? ErrorCode { get; init; }

    /// <summary>The client knows that the call was done.</summary>
    public bool IsAcknowledged => Status == 200;

    /// <summary>Sends it once.</summary>
    /// <param name="http">Whose connections it takes.</param>
    /// <param name="server">Where.</param>
    /// <param name="secret">Of the call's key.</param>
    /// <param name="call">What is wanted.</param>
    /// <param name="number">The how-manieth attempt of it this is.</param>
    /// <param name="write">Told before it is sent and as soon as there is a head; the end is what is returned.</param>
    /// <param name="hangUp">Cancelled when the client loses patience.</param>
    public static async Task<Attempt> SendAsync(
        HttpClient http, Uri server, string secret, Call call, int number, Action<Attempt> write, CancellationToken hangUp)
    {
        var attempt = new Attempt(call, number) { BegunAt = DateTimeOffset.UtcNow };
        write(attempt);
        try
        {
            using var request = new HttpRequestMessage(call.Method, new Uri(server, call.Path));
            request.Headers.Add("Authorization", $"Bearer {secret}");
            request.Headers.Add("x-client-request-id", attempt.Id);
            if (call.IdempotencyKey is { } key) request.Headers.Add("idempotency-key", key);
            request.Content = call.Content();
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp);
            attempt = attempt.WithHead(response) with { EndedAt = DateTimeOffset.UtcNow };
            write(attempt);
            return attempt.WithBody(await response.Content.ReadAsStringAsync(hangUp));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // The process died, or the connection did, or the client hung up: what became of the call, only the ledger knows.
            return attempt.Status == 0 ? attempt with { EndedAt = DateTimeOffset.UtcNow } : attempt;
        }
    }

    private Attempt WithHead(HttpResponseMessage response) => this with
    {
        Status = (int)response.StatusCode,
        RequestId = Header(response, "x-spendra-request-id") is { } id ? Guid.Parse(id) : null,
        Reserved = Amount(Header(response, "x-spendra-reserved-usd")),
        Cost = Amount(Header(response, "x-spendra-cost-usd")),
    };

    private Attempt WithBody(string body)
    {
        var ended = this with { HasEnded = true };
        if (Call.Kind == CallKind.Stream && Status == 200)
        {
            // An error as the last event tells what a connection that breaks tells.
            return SaysThatItBrokeOff(body) ? this : ended with { IsComplete = body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) };
        }
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return ended with
            {
                IsComplete = true,
                ObjectId = Status == 200 && root.TryGetProperty("id", out var id) ? id.GetString() : null,
                ErrorCode = Status != 200 && root.TryGetProperty("error", out var error) && error.TryGetProperty("code", out var code)
                    ? code.ToString() : null,
            };
        }
        catch (JsonException)
        {
            // A server that cannot even read a request refuses it without a body.
            return ended with { IsComplete = Status != 200 && body.Length == 0 };
        }
    }

    private static bool SaysThatItBrokeOff(string stream)
    {
        var last = stream.LastIndexOf("data: ", StringComparison.Ordinal);
        if (last < 0 || !stream.EndsWith("\n\n", StringComparison.Ordinal) || stream[(last + 6)..] is not ['{', ..] text) return false;
        using var document = JsonDocument.Parse(text);
        return document.RootElement.TryGetProperty("error", out var error)
            && error.TryGetProperty("code", out var code) && code.GetString() is "upstream_failed" or "upstream_timeout";
    }

    private static NanoUsd? Amount(string? text) => NanoUsd.TryParse(text, out var amount) ? amount : null;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
