using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Spendra.Simulation.Scheduling;

namespace Spendra.Simulation.Clients;

/// <summary>One attempt of a client at a gateway: the request as the gateway gets it, and what comes back.</summary>
internal sealed class SimExchange
{
    private readonly SimLoop _loop;
    private readonly TaskCompletionSource _over = new();
    private readonly CancellationTokenSource _aborted = new();
    private readonly SimResponse _response;

    public SimExchange(SimLoop loop, SimProcess gateway, SimCall call, int number, bool isSlowReader)
    {
        _loop = loop;
        Gateway = gateway;
        Call = call;
        Number = number;
        BeganAt = loop.Now;
        _response = new SimResponse(loop, this, isSlowReader);
        Context = MakeContext();
    }

    public SimCall Call { get; }

    /// <summary>The process that it was sent to.</summary>
    public SimProcess Gateway { get; }

    /// <summary>Names the attempt at the provider: it travels in <c>x-client-request-id</c>.</summary>
    public int Number { get; }

    public HttpContext Context { get; }

    public long BeganAt { get; }

    public long EndedAt { get; private set; }

    /// <summary>The id that the gateway gave it, known to the world even when the client never hears it.</summary>
    public Guid RequestId { get; set; }

    /// <summary>The status that the client has read, or null: then it was told nothing.</summary>
    public int? Status { get; private set; }

    /// <summary>The client has read a response to its end.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The code of the gateway's own error, or null.</summary>
    public string? ErrorCode { get; private set; }

    /// <summary>The id of the response that was started, once the client has read it.</summary>
    public string? StartedId { get; private set; }

    /// <summary>Who ended it before the client had read everything, or nobody.</summary>
    public BrokenBy Broken { get; private set; }

    public bool HasClientLeft => Broken == BrokenBy.Client;

    /// <summary>What the client has read ends as an answer of its kind does.</summary>
    public bool IsWhole => _response.Written.EndsWith(Call.IsStream ? "data: [DONE]\n\n"u8 : "}"u8);

    /// <summary>An exception left the handler.</summary>
    public Exception? Escaped { get; private set; }

    public Task Over => _over.Task;

    public bool IsOver => _over.Task.IsCompleted;

    public CancellationToken Aborted => _aborted.Token;

    /// <summary>The head was sent: the client knows the status from here on.</summary>
    public void Head(int status)
    {
        if (!IsOver) Status = status;
    }

    /// <summary>The gateway has ended the response.</summary>
    public void Finish(Exception? escaped)
    {
        Escaped = escaped;
        if (IsOver) return;
        if (!_response.HasStarted) Head(Context.Response.StatusCode);
        var saysBroken = Status == 200 && Call.IsStream && !IsWhole && ReadText("\"code\":\"") is "upstream_failed" or "upstream_timeout";
        // An error as the last event tells what a connection that breaks tells.
        if (saysBroken) Broken = BrokenBy.Gateway;
        IsComplete = escaped is null && !saysBroken;
        if (Status >= 400) ErrorCode = ReadText("\"code\":\"");
        else if (Call.IsBackground) StartedId = ReadText("\"id\":\"");
        End();
    }

    /// <summary>The gateway is gone, or takes nothing more.</summary>
    public void Break() => EndBroken(BrokenBy.GatewayGone);

    /// <summary>The client hangs up; the gateway learns of it a little later.</summary>
    public void Leave()
    {
        if (IsOver) return;
        EndBroken(BrokenBy.Client);
        CancelSoon();
    }

    /// <summary>The gateway aborts the connection.</summary>
    public void Abort()
    {
        EndBroken(BrokenBy.Gateway);
        CancelSoon();
    }

    private void CancelSoon() => _loop.After(200, () => Gateway.Run(() =>
    {
        _aborted.Cancel();
        return Task.CompletedTask;
    }));

    private void EndBroken(BrokenBy who)
    {
        if (!IsOver) Broken = who;
        End();
    }

    private void End()
    {
        if (!_over.TrySetResult()) return;
        EndedAt = _loop.Now;
    }

    /// <summary>The text that follows a name in the response.</summary>
    private string? ReadText(string name)
    {
        var text = Encoding.UTF8.GetString(_response.Written);
        var at = text.IndexOf(name, StringComparison.Ordinal);
        return at < 0 ? null : text[(at + name.Length)..text.IndexOf('"', at + name.Length)];
    }

    private DefaultHttpContext MakeContext()
    {
        var body = Call.Body;
        var request = new HttpRequestFeature
        {
            Method = Call.Route.Method,
            Path = "/v1" + Call.Route.Pattern.Replace("{id}", Call.ObjectId, StringComparison.Ordinal),
            Protocol = "HTTP/1.1",
            Scheme = "http",
            Body = new MemoryStream(body, writable: false),
        };
        request.Headers.Authorization = "Bearer " + Call.Key.Secret;
        request.Headers.ContentType = "application/json";
        request.Headers.ContentLength = body.Length;
        request.Headers["x-client-request-id"] = $"{Number}";
        if (Call.IdempotencyKey is { } key) request.Headers["idempotency-key"] = key;
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(_response);
        features.Set<IHttpResponseBodyFeature>(_response);
        features.Set<IHttpRequestLifetimeFeature>(new Lifetime(this));
        var context = new DefaultHttpContext(features);
        if (Call.ObjectId is { } id) context.Request.RouteValues["id"] = id;
        return context;
    }

    private sealed class Lifetime(SimExchange exchange) : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; } = exchange.Aborted;

        public void Abort() => exchange.Abort();
    }
}

/// <summary>Who ended a response before its end.</summary>
internal enum BrokenBy
{
    Nobody,
    Client,
    /// <summary>A gateway that lives hung up.</summary>
    Gateway,
    /// <summary>The process was killed, or was stopping and had not let the request in.</summary>
    GatewayGone,
}
