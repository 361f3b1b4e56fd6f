using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.OpenRouter;

/// <summary>One call as OpenRouter remembers it. It is cancelled until its answer was sent to the end.</summary>
internal sealed class Generation
{
    public const string ProviderName = "Sandbox";

    private volatile bool _isComplete;
    private int _misses;

    public required string Id { get; init; }
    public required ModelCall Call { get; init; }
    public required Usage Usage { get; init; }
    public required long CreatedAtSeconds { get; init; }
    public bool IsComplete => _isComplete;

    /// <summary>Remembers a call and names it in the answer's head; nothing for other providers.</summary>
    public static Generation? Begin(Exchange exchange, string id, ModelCall call)
    {
        if (exchange.Match.Provider is not SandboxProvider.OpenRouter)
            return null;
        exchange.Context.Response.Headers["X-Generation-Id"] = id;
        var generation = new Generation
        {
            Id = id,
            Call = call,
            Usage = Usage.Of(call, previousTokens: 0),
            CreatedAtSeconds = exchange.Sandbox.NowSeconds,
            _misses = call.Knobs.GenerationMisses,
        };
        exchange.Sandbox.Generations.Add(generation);
        return generation;
    }

    public void Complete() => _isComplete = true;

    /// <returns>False while the provider does not know its own generation yet.</returns>
    public bool IsKnownNow() => Interlocked.Decrement(ref _misses) < 0;
}
