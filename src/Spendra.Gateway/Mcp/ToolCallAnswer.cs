using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>
/// The answer to a call of a tool: says what is owed, and gets the cost into the result's <c>_meta</c>. A result is owed
/// its price, also one that tells of an error of the tool; an error from before the work owes nothing.
/// </summary>
internal sealed class ToolCallAnswer(GovernedCall call) : McpAnswer
{
    private int _results;
    private bool _isInDoubt;

    /// <summary>The result or error as the server gave it; empty while there is none.</summary>
    public ReadOnlyMemory<byte> Given { get; private set; }

    public override bool IsGiven => !Given.IsEmpty;

    public bool IsResult => _results > 0;

    /// <summary>The tool ran and says that it failed.</summary>
    public bool IsToolError { get; private set; }

    public override ReadOnlyMemory<byte>? Take(ReadOnlyMemory<byte> message, MeterReading reading)
    {
        var bytes = message.Span;
        if (JsonMembers.Read(bytes, out _) is not { } envelope || envelope.Find("method") is not null) return message;
        if (envelope.Find("result") is { } result) return TakeResult(message, result, reading);
        if (envelope.Find("error") is { } error) TakeError(message, error, reading);
        return message;
    }

    private void TakeError(ReadOnlyMemory<byte> message, ByteSpan error, MeterReading reading)
    {
        Give(message, error);
        var code = JsonMembers.Read(message.Span, error, out _) is { } members ? JsonValues.Whole(message.Span, members.Find("code")) : null;
        _isInDoubt |= !RpcCodes.IsBeforeWork(code);
        reading.IsRefusal = _results == 0 && !_isInDoubt;
    }

    private ReadOnlyMemory<byte> TakeResult(ReadOnlyMemory<byte> message, ByteSpan result, MeterReading reading)
    {
        var bytes = message.Span;
        Give(message, result);
        _results++;
        reading.IsRefusal = false;
        reading.Usage = ToolPrice.OneCall;
        var members = JsonMembers.Read(bytes, result, out _);
        IsToolError = members is not null && JsonValues.IsTrue(bytes, members.Find("isError"));
        // A server that answers twice is not believed about its cost.
        reading.BilledCost = _results == 1 && members is not null ? ToldCost(bytes, members) : null;
        return members is null ? message : ResultMeta.Add(bytes, members, CostOf(reading), call.RequestId);
    }

    /// <summary>What a trusted server says that the call cost, up to what is held for it; null when its word does not count.</summary>
    private NanoUsd? ToldCost(ReadOnlySpan<byte> bytes, JsonMembers result)
    {
        if (call.Account is not { Settings.TrustsCost: true } || result.Find("_meta") is not { } meta) return null;
        if (JsonMembers.Read(bytes, meta, out _) is not { } members) return null;
        return NanoUsd.TryParse(JsonValues.Digits(bytes, members.Find("cost")), out var told) && !told.IsNegative
            ? NanoUsd.Min(told, call.Amount)
            : null;
    }

    private NanoUsd CostOf(MeterReading reading) =>
        call.IsTest ? NanoUsd.Zero : reading.BilledCost ?? Cost.Of(call.Price!, ToolPrice.OneCall);

    private void Give(ReadOnlyMemory<byte> message, ByteSpan span) => Given = message.Slice(span.Start, span.Length).ToArray();
}
