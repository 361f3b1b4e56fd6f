using Spendra.Sandbox.Batches;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Files;
using Spendra.Sandbox.Mcp;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Responses;
using Spendra.Sandbox.Tokens;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox;

/// <summary>What the requests of one server share.</summary>
internal sealed class SandboxState
{
    private const int MaxRemembered = 10_000;

    /// <exception cref="ArgumentException"><see cref="SandboxOptions.Knobs"/> has a knob that is not known.</exception>
    public SandboxState(SandboxOptions options)
    {
        var basis = Knobs.None;
        if (KnobsText.Apply(options.Knobs, ref basis) is { } fault)
            throw new ArgumentException(fault, nameof(options));
        Options = options;
        BasisKnobs = basis;
        Journal = new SandboxJournal(options.MaxRecordedRequests);
        Responses = new ResponseStore(options.MaxStoredResponses);
        Files = new FileStore(options.MaxStoredFiles, options.MaxTotalContentBytes);
        Tokens = new TokenStore(options.Time, MaxRemembered);
        StartedAtSeconds = NowSeconds;
    }

    public SandboxOptions Options { get; }
    public Knobs BasisKnobs { get; }
    public SandboxJournal Journal { get; }
    public Ids Ids { get; } = new();
    public ResponseStore Responses { get; }
    public FileStore Files { get; }
    public BoundedStore<Generation> Generations { get; } = new(MaxRemembered, generation => generation.Id);
    public BoundedStore<StoredBatch> Batches { get; } = new(MaxRemembered, batch => batch.Id);
    public BoundedStore<McpSession> McpSessions { get; } = new(MaxRemembered, session => session.Id);
    public TokenStore Tokens { get; }
    public long StartedAtSeconds { get; }
    public TimeProvider Time => Options.Time;
    public long NowSeconds => Time.GetUtcNow().ToUnixTimeSeconds();
}
