namespace Spendra.Sandbox;

/// <summary>How a simulated provider behaves. Fixed when the server starts.</summary>
public sealed class SandboxOptions
{
    /// <summary>The TCP port on 127.0.0.1; 0 (the default) takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>
    /// The only key that is accepted, wherever the dialect looks for it. <see langword="null"/> accepts any that is not empty.
    /// </summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// Knobs for every request, in the form <c>key=value key=value</c>. A request's own knobs override them one by one.
    /// Also reaches routes without a body. An unknown knob fails the start.
    /// </summary>
    public string Knobs { get; init; } = "";

    /// <summary>Keep the last requests with headers and body in the journal. Off by default: counting alone is free.</summary>
    public bool RecordRequests { get; init; }

    /// <summary>How many requests the journal keeps; older ones are forgotten.</summary>
    public int MaxRecordedRequests { get; init; } = 1_000;

    /// <summary>How much of a body the journal keeps, in bytes.</summary>
    public int MaxRecordedBodyBytes { get; init; } = 1024 * 1024;

    /// <summary>How long <c>hang=true</c> holds a connection when the client does not leave by itself.</summary>
    public TimeSpan MaxHang { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The largest JSON body, in bytes; more is a 413.</summary>
    public int MaxJsonBodyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The largest file upload, in bytes; OpenAI's own limit is 512 MiB.</summary>
    public long MaxUploadBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>A larger file is counted and listed, but its content is not kept and cannot be fetched.</summary>
    public int MaxFileContentBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Content kept for all files together, in bytes; the oldest content goes first.</summary>
    public long MaxTotalContentBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>How many files are known at once; the oldest is forgotten.</summary>
    public int MaxStoredFiles { get; init; } = 10_000;

    /// <summary>How many responses can be fetched again; the oldest is forgotten.</summary>
    public int MaxStoredResponses { get; init; } = 10_000;

    /// <summary>
    /// The smallest accepted <c>max_output_tokens</c> of the Responses API. OpenAI refuses fewer than 16 with a 400,
    /// so a gateway that clamps lower fails in production too.
    /// </summary>
    public int MinResponseOutputTokens { get; init; } = 16;

    /// <summary>What <c>GET /v1/models</c> lists. Calls may name any model.</summary>
    public IReadOnlyList<string> Models { get; init; } =
        ["gpt-4o-mini", "gpt-5-mini", "gpt-5.6-luna", "gpt-6.2-sol", "text-embedding-3-small"];

    /// <summary>What <c>GET /v1/models</c> lists to a request with the header <c>anthropic-version</c>, newest first.</summary>
    public IReadOnlyList<string> ClaudeModels { get; init; } = ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"];

    /// <summary>What <c>GET /v1beta/models</c> lists.</summary>
    public IReadOnlyList<string> GeminiModels { get; init; } =
        ["gemini-4-argon", "gemini-3.8-flash", "gemini-2.5-flash", "gemini-embedding-001"];

    /// <summary>
    /// Azure's deployments and the model behind each, which answers name. When set, any other deployment is a 404;
    /// when empty (the default) every deployment exists and is named as its model.
    /// </summary>
    public IReadOnlyDictionary<string, string> Deployments { get; init; } = new Dictionary<string, string>();

    /// <summary>Vertex and Azure accept only tokens that the token endpoints of this server issued: no other key.</summary>
    public bool OnlyIssuedTokens { get; init; }

    /// <summary>Life of an issued token, in seconds.</summary>
    public int TokenLifetimeSeconds { get; init; } = 3_599;

    /// <summary>The clock of delays, of <c>created</c> and of the end of background responses.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
