using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Spendra.Sandbox;

/// <summary>
/// Simulated upstreams on 127.0.0.1 in the real wire formats, with deterministic usage (<see cref="SandboxUsage"/>,
/// <see cref="SandboxMediaUsage"/>): OpenAI with chat completions, responses, embeddings, images, audio, moderations,
/// files, batches and models; Anthropic's messages, also at OpenRouter; Gemini's contents and embeddings, both of the
/// latter also on the paths of Vertex AI, embeddings there in both of its ways; OpenRouter, Azure, Vertex and the Gemini API where they speak OpenAI's dialect, each at its own
/// paths (<see cref="SandboxProvider"/>); the token endpoints of Google and Entra; and MCP servers.
/// <para>Knobs change one answer. They come from <see cref="SandboxOptions.Knobs"/>, then from the body's string
/// <c>metadata.sandbox</c> (for Gemini also <c>labels.sandbox</c>), then from <c>[[sandbox key=value …]]</c> in the last
/// user text (for an upload: in the file name); later ones win. All survive a gateway that forwards bodies unchanged.
/// An unknown knob is a 400. Images, speech and transcriptions have theirs in <c>prompt</c>, <c>input</c> or the name of
/// the file, a tool in its arguments, a token request after the scope or in a claim of the assertion.</para>
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
/// <item><term>tool_calls, stop_reason</term><description>calls of the first tool of its own that the client offers, in place
/// of the text; the reported reason</description></item>
/// <item><term>tool_use_prompt_tokens, output_image_tokens</term><description>Gemini: tokens beside the prompt, and the images
/// among the candidates</description></item>
/// <item><term>total_tokens, audio_tokens, image_tokens, output_audio_tokens, accepted_tokens, rejected_tokens, seconds</term>
/// <description>more reported usage, for answers that have it; the total need not be the sum</description></item>
/// <item><term>usage_type</term><description><c>tokens</c> or <c>duration</c>, for a transcription</description></item>
/// <item><term>error_code, error_type, retry_after</term><description>with <c>status</c>: the code in the provider's own place (on
/// OpenRouter the metadata's <c>limit_source</c>), OpenAI's type (<c>apim</c> is the shape of Azure's API manager), and
/// when to come again, in seconds</description></item>
/// <item><term>content_filter</term><description><c>prompt</c> is a 400; <c>output</c> is the finish reason, which is charged</description></item>
/// <item><term>async_filter</term><description>Azure streams: the verdict comes in a chunk of its own after the words</description></item>
/// <item><term>comments</term><description>comment lines before a chat stream; OpenRouter has one by default</description></item>
/// <item><term>cost, upstream_cost, byok, generation_misses</term><description>OpenRouter: the reported costs, any JSON number; with
/// the caller's own provider key; how often the generation is not found yet. <c>cost</c> is also <c>_meta.cost</c> of an
/// MCP tool</description></item>
/// <item><term>web_searches, web_opens, file_searches, code_calls, containers, image_calls, mcp_calls</term><description>items of
/// server-side tools in an OpenAI response, together at most <c>max_tool_calls</c> unless <c>ignore_limit</c> is set; the
/// containers are shared by the code calls, one by default</description></item>
/// <item><term>flagged</term><description>the verdict of a moderation</description></item>
/// <item><term>batch_fetches, batch_end, batch_lines</term><description>in the batch's metadata: the fetch that shows its end (2 by
/// default, 0 is the creation); <c>completed</c>, <c>expired</c>, <c>failed</c> or <c>cancelled</c>; how many lines were
/// done before an end that came too early or a cancellation</description></item>
/// <item><term>expires_in</term><description>life of an issued token, in seconds</description></item>
/// <item><term>sse, is_error, rpc_error, progress</term><description>MCP: answer as a stream; the tool's result is an error; a
/// JSON-RPC error of this code instead; notifications in the stream before the result. <c>no_done</c> leaves the result
/// out of the stream</description></item>
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

    /// <summary>Where the paths of all providers begin, for example <c>http://127.0.0.1:40123/</c>; without the version, as
    /// Anthropic's and Google's clients want it.</summary>
    public Uri Root => new(BaseUrl, "/");

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
