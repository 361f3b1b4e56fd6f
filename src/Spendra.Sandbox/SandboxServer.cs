using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Spendra.Sandbox;

/// <summary>
/// A simulated provider on 127.0.0.1, in the real wire formats and with deterministic usage (<see cref="SandboxUsage"/>):
/// OpenAI's chat completions, responses, embeddings, files and models; Anthropic's messages; Gemini's contents and
/// embeddings; both of the latter also on the paths of Vertex AI.
/// <para>Knobs change one answer. They come from <see cref="SandboxOptions.Knobs"/>, then from the body's string
/// <c>metadata.sandbox</c> (for Gemini also <c>labels.sandbox</c>), then from <c>[[sandbox key=value …]]</c> in the last
/// user text (for an upload: in the file name); later ones win. All survive a gateway that forwards bodies unchanged.
/// An unknown knob is a 400.</para>
/// <list type="table">
/// <item><term>latency_ms, chunk_ms</term><description>wait before the head; between two chunks of a stream</description></item>
/// <item><term>tokens, ignore_limit</term><description>words of each choice; produce them past the output limit</description></item>
/// <item><term>input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens</term>
/// <description>reported usage; any whole number up to ±10^37. Totals are input + output as reported</description></item>
/// <item><term>no_usage, usage=string, no_done</term><description>no usage; numbers as JSON strings; no <c>[DONE]</c> or, for
/// responses and messages, no terminal event; for Gemini no last chunk</description></item>
/// <item><term>break_after, break_after_bytes</term><description>end the connection after N chunks or N body bytes before
/// compression. A body that is not a stream is one chunk</description></item>
/// <item><term>status, redirect, hang, garbage</term><description>an error answer from 400 to 599; a 307; silence until the client
/// leaves; a 200 that is not JSON. The first of latency, hang, redirect, status and garbage that applies</description></item>
/// <item><term>error_midstream</term><description>an error after half of the words; a response that is not streamed
/// ends as <c>failed</c>; without effect on other plain answers</description></item>
/// <item><term>gzip</term><description>compress although nobody asked</description></item>
/// <item><term>line_bytes</term><description>pad the first text line of a stream to N bytes, without its line end</description></item>
/// <item><term>service_tier, model</term><description>reported instead of what was asked for</description></item>
/// <item><term>thinking_tokens</term><description>another name of reasoning_tokens. Inside the output of OpenAI and Anthropic,
/// beside it for Gemini, where it also takes its part of the limit</description></item>
/// <item><term>cache_write_1h_tokens, geo, speed</term><description>Anthropic: the cache for an hour (cache_write_tokens is the
/// one for five minutes); where and how fast it was served</description></item>
/// <item><term>iterations</term><description>Anthropic's <c>usage.iterations</c>, as
/// <c>type:input:output[:model[:cache_read[:cache_write]]]</c> with commas between</description></item>
/// <item><term>usage_events</term><description>how often an Anthropic stream tells its running totals, the end included</description></item>
/// <item><term>web_searches, web_fetches</term><description>searches and fetches that the provider makes, if the tool is offered
/// and up to its <c>max_uses</c>; with ignore_limit always</description></item>
/// <item><term>web_search_requests</term><description>searches that Anthropic's usage reports, whatever was done</description></item>
/// <item><term>tool_calls, stop_reason</term><description>calls of the first tool that the request offers; the reported
/// reason</description></item>
/// <item><term>tool_use_prompt_tokens, audio_tokens, image_tokens, output_audio_tokens, output_image_tokens</term>
/// <description>Gemini: tokens beside the prompt, and parts of the prompt and of the candidates by modality</description></item>
/// </list>
/// </summary>
public sealed class SandboxServer : IAsyncDisposable
{
    // Long enough for answers in flight to leave; a hanging request is cut.
    private static readonly TimeSpan s_stopWait = TimeSpan.FromMilliseconds(200);

    private readonly WebApplication _app;
    private readonly SandboxState _sandbox;

    private SandboxServer(WebApplication app, SandboxState sandbox)
    {
        _app = app;
        _sandbox = sandbox;
        BaseUrl = new Uri(app.Urls.Single().TrimEnd('/') + "/v1");
    }

    /// <summary>Where clients are pointed to, for example <c>http://127.0.0.1:40123/v1</c>.</summary>
    public Uri BaseUrl { get; }

    /// <summary>The same without the version, as Anthropic's and Google's clients want it.</summary>
    public Uri RootUrl => new(BaseUrl.GetLeftPart(UriPartial.Authority));

    /// <summary>What reached this server.</summary>
    public SandboxJournal Journal => _sandbox.Journal;

    /// <exception cref="ArgumentException">The options name an unknown knob.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<SandboxServer> StartAsync(SandboxOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var sandbox = new SandboxState(options);
        // The empty builder reads no environment and logs nothing: only the options decide.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => Configure(server, options));
        var app = builder.Build();
        app.Run(new SandboxPipeline(sandbox).HandleAsync);
        try
        {
            await app.StartAsync(cancellationToken);
            return new SandboxServer(app, sandbox);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(s_stopWait);
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    private static void Configure(KestrelServerOptions server, SandboxOptions options)
    {
        server.Listen(IPAddress.Loopback, options.Port);
        server.AddServerHeader = false;
        // Bodies have limits of their own, and a slow peer is something that tests do on purpose.
        server.Limits.MaxRequestBodySize = null;
        server.Limits.MinRequestBodyDataRate = null;
        server.Limits.MinResponseDataRate = null;
    }
}
