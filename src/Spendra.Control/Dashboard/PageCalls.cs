using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Shell;

namespace Spendra.Control.Dashboard;

/// <summary>
/// Calls the management API for the visitor of a page, in this process and without a connection. What a page was first shown with
/// goes along with it, and is not asked for again when the page comes to life.
/// </summary>
internal sealed class PageCalls : IDisposable
{
    private const string Prefix = "/api/v1/";
    private const string StateKey = "answers";
    private const int MostBroughtBytes = 128 * 1024;

    /// <summary>The most that a browser may send in one message: twice what a page brings along, protected and as text.</summary>
    public const int MostMessageBytes = 4 * MostBroughtBytes;

    private readonly ApiPipeline _pipeline;
    private readonly IHttpContextFactory _contexts;
    private readonly AuthenticationStateProvider _visitors;
    private readonly PersistentComponentState _state;
    private readonly PersistingComponentStateSubscription _persisting;
    private readonly Dictionary<string, KeptAnswer> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KeptAnswer> _brought;
    private readonly IServiceScopeFactory _scopes;
    private bool _isLive;

    public PageCalls(
        ApiPipeline pipeline, IHttpContextFactory contexts, IServiceScopeFactory scopes, AuthenticationStateProvider visitors, PersistentComponentState state)
    {
        (_pipeline, _contexts, _scopes, _visitors, _state) = (pipeline, contexts, scopes, visitors, state);
        _brought = state.TryTakeFromJson<Dictionary<string, KeptAnswer>>(StateKey, out var brought) && brought is not null ? brought : [];
        _persisting = state.RegisterOnPersisting(Persist, RenderMode.InteractiveServer);
    }

    /// <summary>Reads.</summary>
    /// <param name="path">Behind <c>/api/v1/</c>, with its query.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<PageAnswer<T>> GetAsync<T>(string path, CancellationToken cancel = default)
    {
        if (_brought.Remove(path, out var brought)) return Read<T>(brought);
        var answer = await SendAsync(new PageCall(HttpMethod.Get, path), cancel);
        if (!_isLive && answer.Status == StatusCodes.Status200OK) _shown[path] = answer;
        return Read<T>(answer);
    }

    /// <summary>From now on the page is kept alive: nothing that it was shown with is used again, and nothing is kept.</summary>
    public void GoLive()
    {
        _isLive = true;
        _shown.Clear();
        _brought.Clear();
    }

    /// <summary>Changes something.</summary>
    public async Task<PageAnswer<T>> SendAsync<T>(PageCall call, CancellationToken cancel = default) => Read<T>(await SendAsync(call, cancel));

    public void Dispose() => _persisting.Dispose();

    /// <summary>What is too much to travel to the browser and back is asked for again instead.</summary>
    private Task Persist()
    {
        if (!_isLive && _shown.Values.Sum(a => a.Body.Length) <= MostBroughtBytes) _state.PersistAsJson(StateKey, _shown);
        return Task.CompletedTask;
    }

    private async Task<KeptAnswer> SendAsync(PageCall call, CancellationToken cancel)
    {
        var visitor = new PageVisitor((await _visitors.GetAuthenticationStateAsync()).User);
        using var answer = new MemoryStream();
        await using var scope = _scopes.CreateAsyncScope();
        var features = FeaturesOf(call, visitor, answer, cancel);
        features.Set<IServiceProvidersFeature>(new RequestServicesFeature(scope.ServiceProvider));
        var http = _contexts.Create(features);
        try
        {
            await _pipeline.RunAsync(http);
            await http.Response.CompleteAsync();
            return new KeptAnswer(http.Response.StatusCode, answer.ToArray(), http.Response.Headers.ETag.ToString() is { Length: > 0 } tag ? tag : null);
        }
        finally
        {
            _contexts.Dispose(http);
        }
    }

    private static FeatureCollection FeaturesOf(PageCall call, PageVisitor visitor, Stream answer, CancellationToken cancel)
    {
        var (path, query) = call.Path.IndexOf('?', StringComparison.Ordinal) is var at and >= 0 ? (call.Path[..at], call.Path[at..]) : (call.Path, "");
        var body = call.Body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(call.Body, call.Body.GetType(), ControlJson.Options);
        IHeaderDictionary headers = new HeaderDictionary();
        headers.Host = "localhost";
        if (call.Body is not null) headers.ContentType = "application/json";
        if (call.Body is not null) headers.ContentLength = body.Length;
        if (call.Version is { } version) headers.IfMatch = version;
        if (call.IdempotencyKey is { } key) headers["idempotency-key"] = key;
        if (call.Reason is { Length: > 0 } reason) headers[AccessGate.ReasonHeader] = reason;
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Protocol = "HTTP/1.1", Scheme = "http", Method = call.Method.Method, Path = PathString.FromUriComponent(Prefix + path).Value!, RawTarget = Prefix + call.Path, QueryString = query,
            Headers = headers, Body = new MemoryStream(body, writable: false),
        });
        features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(call.Body is not null));
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature { RequestAborted = cancel });
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { RemoteIpAddress = visitor.Address });
        features.Set(visitor);
        return features;
    }

    private static PageAnswer<T> Read<T>(KeptAnswer answer)
    {
        if (answer.Status is >= 200 and < 300)
            return new PageAnswer<T>(JsonSerializer.Deserialize<T>(answer.Body, ControlJson.Options), answer.Version, null);
        var problem = JsonSerializer.Deserialize<JsonElement>(answer.Body);
        return new PageAnswer<T>(default, null, new PageProblem(answer.Status, Text(problem, "title"), Text(problem, "detail"), Text(problem, "requestId"))
        {
            NeedsFreshSignIn = Text(problem, "type") == Problem.TypeOf(ProblemKind.SignInAgain),
            Errors = problem.TryGetProperty("errors", out var errors)
                ? errors.Deserialize<Dictionary<string, string[]>>() ?? [] : new Dictionary<string, string[]>(StringComparer.Ordinal),
        });
    }

    private static string Text(JsonElement problem, string name) => problem.TryGetProperty(name, out var found) ? found.GetString() ?? "" : "";

    private sealed record KeptAnswer(int Status, byte[] Body, string? Version);

    private sealed record BodyDetection(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;

    /// <summary>The services of one call: they end with it.</summary>
    private sealed class RequestServicesFeature(IServiceProvider services) : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices { get; set; } = services;
    }
}

/// <summary>One call.</summary>
/// <param name="Method">Of HTTP.</param>
/// <param name="Path">Behind <c>/api/v1/</c>, with its query.</param>
/// <param name="Body">Sent as JSON; null for none.</param>
internal sealed record PageCall(HttpMethod Method, string Path, object? Body = null)
{
    /// <summary>What is changed, as its answer said.</summary>
    public string? Version { get; init; }

    /// <summary>Makes a creation that is sent again happen once; what creates nothing does not look at it.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Why, for the audit record.</summary>
    public string? Reason { get; init; }
}
