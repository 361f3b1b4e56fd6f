using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>
/// A session with a server of tools for one call: opened, used and closed under the permit of that call. Only the call
/// itself uses the permit up; what stands around it costs nothing.
/// </summary>
internal sealed class ToolSession(GovernedCall call, DispatchPermit permit, GatewayParts parts, UpstreamPatience patience)
{
    private const string NewestVersion = "2025-11-25";
    private const int PieceBytes = 16 * 1024;
    private const int MaxSessionIdLength = 1_000;

    private static readonly TimeSpan MaxCloseWait = TimeSpan.FromSeconds(5);

    private static readonly byte[] Initialize = Encoding.ASCII.GetBytes(
        $$$$"""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"{{{{NewestVersion}}}}","capabilities":{},"clientInfo":{"name":"spendra","version":"1"}}}""");

    private static readonly byte[] Initialized = """{"jsonrpc":"2.0","method":"notifications/initialized"}"""u8.ToArray();

    private string? _sessionId;
    private string? _version;

    /// <summary>Why what was read last has no answer in it.</summary>
    public GatewayError Break { get; private set; } = Dispatching.BrokenOff;

    /// <summary>Null when the session is open; otherwise why not. The tool has not been called then.</summary>
    public async Task<GatewayError?> OpenAsync()
    {
        try
        {
            using var request = MakeRequest(HttpMethod.Post, Initialize);
            if (await Authorizing.AuthorizeAsync(call, parts, request.Headers, patience) is { } unauthorized) return unauthorized;
            patience.AwaitHeaders();
            using var response = await parts.Upstream.SendBesideAsync(permit, request, call.IsTest, patience.Token);
            if (!response.IsSuccessStatusCode) return NotOpened((int)response.StatusCode);
            var answer = new SessionAnswer();
            await ReadAsync(response, answer);
            if (!answer.IsGiven && Break.Status == StatusCodes.Status504GatewayTimeout) return NotInTime;
            if (answer.Version is null) return NotOpened((int)response.StatusCode);
            _version = answer.Version;
            _sessionId = SessionIdOf(response);
            return await SayInitializedAsync();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or UpstreamAddressException or IOException)
        {
            return new GatewayError(502, "api_error", "upstream_unreachable",
                "No session with the server of tools could be opened. The tool was not called and nothing was spent; try again later.") { RetryAfter = 1 };
        }
    }

    /// <summary>The message that calls the tool. To be sent with the permit.</summary>
    public async Task<(HttpRequestMessage Request, GatewayError? Error)> MakeCallAsync()
    {
        var request = MakeRequest(HttpMethod.Post, WriteCall());
        return (request, await Authorizing.AuthorizeAsync(call, parts, request.Headers, patience));
    }

    /// <summary>Reads until the answer is there or the response ends; what it said about itself.</summary>
    public async Task<MeterReading> ReadAsync(HttpResponseMessage response, McpAnswer answer)
    {
        var limit = parts.Options.MaxStreamLineBytes;
        var isStream = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        using ResponseMeter meter = isStream ? new McpStreamMeter(answer, limit) : new McpBodyMeter(answer);
        await using var upstream = await response.Content.ReadAsStreamAsync();
        var pump = new ResponsePump(parts.Options, patience, call.Context);
        var nowhere = new ArrayBufferWriter<byte>();
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            var total = 0;
            while (!answer.IsGiven)
            {
                var read = await pump.ReadAsync(upstream, piece);
                if (read < 0 || (total += read) > limit) break;
                if (read > 0) meter.Pass(piece.AsSpan(0, read), nowhere);
                else meter.End(nowhere);
                nowhere.Clear();
                if (read == 0) break;
            }
            Break = Dispatching.BreakOf(pump);
            return meter.Reading;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece, clearArray: true);
        }
    }

    /// <summary>What a server says to a call that it did not take, as far as it is read; half of it when it breaks off or falls silent.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadErrorAsync(HttpResponseMessage response)
    {
        await using var upstream = await response.Content.ReadAsStreamAsync();
        var head = new byte[Dispatching.MaxErrorBytes];
        var (length, _, _) = await new ResponsePump(parts.Options, patience, call.Context).ReadHeadAsync(upstream, head);
        return head.AsMemory(0, length);
    }

    /// <summary>Ends the session, if the server keeps one. A server that does not hear it lets it expire.</summary>
    public async Task CloseAsync()
    {
        if (_sessionId is null) return;
        using var wait = new CancellationTokenSource(MaxCloseWait, parts.Time);
        try
        {
            using var request = MakeRequest(HttpMethod.Delete, body: null);
            if (await Authorizing.AuthorizeAsync(call, parts, request.Headers, patience) is not null) return;
            using var response = await parts.Upstream.SendBesideAsync(permit, request, call.IsTest, wait.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or UpstreamAddressException or IOException)
        {
            // The call has been answered and settled.
        }
    }

    private async Task<GatewayError?> SayInitializedAsync()
    {
        using var request = MakeRequest(HttpMethod.Post, Initialized);
        if (await Authorizing.AuthorizeAsync(call, parts, request.Headers, patience) is { } unauthorized) return unauthorized;
        patience.AwaitHeaders();
        using var response = await parts.Upstream.SendBesideAsync(permit, request, call.IsTest, patience.Token);
        return response.IsSuccessStatusCode ? null : NotOpened((int)response.StatusCode);
    }

    private GatewayError NotOpened(int status) => Dispatching.NotForClients(call, status)
        ?? new GatewayError(502, "api_error", "upstream_failed",
            $"The server of tools opened no session (status {status}). The tool was not called and nothing was spent.");

    private static GatewayError NotInTime => new(504, "api_error", "upstream_timeout",
        "The server of tools opened no session in time. The tool was not called and nothing was spent; try again later.") { RetryAfter = 1 };

    private HttpRequestMessage MakeRequest(HttpMethod method, byte[]? body)
    {
        var request = new HttpRequestMessage(method, Authorizing.AddressOf(call, parts, query: ""));
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Headers.TryAddWithoutValidation("User-Agent", "spendra");
        if (_sessionId is not null) request.Headers.TryAddWithoutValidation(McpHeaders.Session, _sessionId);
        if (_version is not null) request.Headers.TryAddWithoutValidation(McpHeaders.ProtocolVersion, _version);
        if (body is null) return request;
        request.Content = new ReadOnlyMemoryContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    private byte[] WriteCall()
    {
        var message = call.Message!;
        var body = new ArrayBufferWriter<byte>(message.Arguments.Length + 256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("jsonrpc", "2.0");
            json.WriteNumber("id", 2);
            json.WriteString("method", "tools/call");
            json.WriteStartObject("params");
            json.WriteString("name", message.Tool);
            json.WritePropertyName("arguments");
            json.WriteRawValue(message.Arguments.Span, skipInputValidation: true);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return body.WrittenSpan.ToArray();
    }

    private static string? SessionIdOf(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues(McpHeaders.Session, out var values)
        && values.ToString() is { Length: > 0 and <= MaxSessionIdLength } id && Ascii.IsValid(id) ? id : null;
}
