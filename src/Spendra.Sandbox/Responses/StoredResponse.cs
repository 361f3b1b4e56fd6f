using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Responses;

/// <summary>A response from its creation on. Its outcome is known from the start; in the background it only takes time.</summary>
internal sealed class StoredResponse(Exchange exchange, ModelCall call, long previousTokens)
{
    private readonly DateTimeOffset _endsAt =
        exchange.Sandbox.Time.GetUtcNow() + TimeSpan.FromMilliseconds(call.Background ? call.Knobs.LatencyMs : 0);

    private volatile bool _isCancelled;

    public string Id { get; } =
        exchange.Sandbox.Ids.Next(exchange.Match.Provider is SandboxProvider.OpenRouter ? "gen-" : "resp_");
    public string MessageId { get; } = exchange.Sandbox.Ids.Next("msg_");
    public long CreatedAtSeconds { get; } = exchange.Sandbox.NowSeconds;
    public long EndsAtSeconds => _endsAt.ToUnixTimeSeconds();
    public ModelCall Call => call;
    public Usage Usage { get; } = Usage.Of(call, previousTokens);
    public SandboxProvider Provider { get; } = exchange.Match.Provider;

    /// <summary>Output items before the message.</summary>
    public IReadOnlyList<ToolCall> Tools { get; } = ToolCall.Of(exchange, call);

    /// <summary>A response that calls functions of the client's says nothing yet.</summary>
    public bool HasMessage => call.ToolCalls == 0;

    /// <summary>What a call that continues this response is charged for it.</summary>
    public long TokensForNext => (long)Int128.Clamp(Usage.Total, 0, int.MaxValue);

    public ResponseStatus Outcome =>
        call.Knobs.ErrorMidstream ? ResponseStatus.Failed
        : call.FinishReason is not ("stop" or "tool_calls") ? ResponseStatus.Incomplete
        : ResponseStatus.Completed;

    public ResponseStatus StatusAt(DateTimeOffset now) =>
        _isCancelled ? ResponseStatus.Cancelled
        : now < _endsAt ? ResponseStatus.InProgress
        : Outcome;

    /// <summary>Cancels what has not ended yet; otherwise nothing changes.</summary>
    public void Cancel(DateTimeOffset now)
    {
        if (now < _endsAt)
            _isCancelled = true;
    }
}
