namespace Spendra.Gateway;

/// <summary>Limits and waits of the data plane. Every limit is finite.</summary>
public sealed record GatewayOptions
{
    /// <summary>The largest request body that is held to be read, JSON or a form with its files, in bytes.</summary>
    public long MaxBodyBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>
    /// Where people reach the control plane, as their browsers write it; refusals that more money or an approval would change
    /// then say where to ask for it. Null: they do not.
    /// </summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>The largest file upload, in bytes. Uploads are streamed, never held.</summary>
    public long MaxUploadBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>
    /// The output limit that is injected when neither the request nor a policy nor the price book says one: without
    /// a limit there is no bound.
    /// </summary>
    public int DefaultMaxOutputTokens { get; init; } = 16_384;

    /// <summary>
    /// How often the provider may use each of its own tools, or all together where the format has one limit for all, when
    /// the request does not say: every use is a further pass over the context, so without a limit there is no bound.
    /// </summary>
    public int DefaultToolUses { get; init; } = 5;

    /// <summary>
    /// How many uses of a provider's tool are held where its API has no limit to set (Google's searches). More than
    /// these is booked as an overrun.
    /// </summary>
    public int ToolAllowance { get; init; } = 10;

    /// <summary>How long connecting to the provider may take, TLS included. Nothing is sent before.</summary>
    public int UpstreamConnectSeconds { get; init; } = 10;

    /// <summary>How long the provider may take until its response begins.</summary>
    public int UpstreamTimeoutSeconds { get; init; } = 600;

    /// <summary>How long a response may be silent before it counts as broken.</summary>
    public int StreamIdleSeconds { get; init; } = 600;

    /// <summary>
    /// How long a reservation stands before the sweep calls it in doubt. Requests are cut off before it ends.
    /// </summary>
    public int ReservationSeconds { get; init; } = 900;

    /// <summary>How long a background response may take until its reservation is in doubt.</summary>
    public int BackgroundReservationSeconds { get; init; } = 3600;

    /// <summary>
    /// How long a batch may take until its reservation is in doubt: the provider's own day, and time to read what came of it.
    /// </summary>
    public int BatchReservationSeconds { get; init; } = 26 * 3600;

    /// <summary>How often batches that have not ended are asked for.</summary>
    public int BatchPollSeconds { get; init; } = 60;

    /// <summary>The largest input file of a batch, in bytes. It is read line by line, never held.</summary>
    public long MaxBatchBytes { get; init; } = 200L * 1024 * 1024;

    /// <summary>The most lines of an input file.</summary>
    public int MaxBatchLines { get; init; } = 50_000;

    /// <summary>How long a graceful stop waits for requests in flight.</summary>
    public int DrainSeconds { get; init; } = 30;

    public int MaxConcurrentPerKey { get; init; } = 10_000;

    /// <summary>How long the response is read on, for its usage, after the client has gone.</summary>
    public int DetachedSeconds { get; init; } = 120;

    /// <summary>How much of the response is read on after the client has gone, in bytes.</summary>
    public long DetachedBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>The largest response that is passed on, in bytes.</summary>
    public long MaxResponseBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>The largest event of a stream, or token of a body, that is held to be read, in bytes.</summary>
    public int MaxStreamLineBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Whether provider accounts may point at private, link-local or loopback addresses.</summary>
    public bool AllowPrivateUpstreams { get; init; }

    /// <summary>Whether providers are told the trace that a request belongs to, as <c>traceparent</c>.</summary>
    public bool SendsTraceContext { get; init; }

    /// <summary>Whether lines of the log carry the id of the request that they are about as a scope. Text shows no scopes.</summary>
    public bool ScopesLogs { get; init; }

    /// <summary>Where test keys go; ends with the version prefix, <c>http://127.0.0.1:port/v1</c>.</summary>
    public Uri? SandboxUrl { get; init; }
}
