using System.Buffers;
using Spendra.Core.Money;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>
/// Reads a stream of events. <c>message_start</c> tells what is known at the start, each <c>message_delta</c> the totals
/// so far: later ones are laid over earlier ones, never added. Only totals that come with the reason to stop are the
/// last ones; a stream that ends before, or with an error, leaves the usage unknown. So do totals that fall, unless the
/// bill is told and nothing is reckoned from them: what a reseller counts at the start is an estimate.
/// </summary>
/// <param name="facts">What was asked for.</param>
/// <param name="maxEventBytes">The largest event that is held to be read.</param>
/// <param name="tellsCost">The last totals say what the provider bills.</param>
internal sealed class AnthropicStreamMeter(RequestFacts facts, int maxEventBytes, bool tellsCost = false) : ResponseMeter
{
    private readonly EventSplitter _events = new(maxEventBytes);
    private readonly AnthropicUsage _usage = new();
    private bool _isComplete;
    private bool _isContradicted;
    private bool _hasFallen;

    public override void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        _events.Add(bytes);
        PassEvents(output, isLast: false);
    }

    public override void End(IBufferWriter<byte> output) => PassEvents(output, isLast: true);

    public override void Dispose()
    {
        _events.Dispose();
        base.Dispose();
    }

    private void PassEvents(IBufferWriter<byte> output, bool isLast)
    {
        while (_events.TryTake(isLast, out var whole, out var isPiece))
        {
            if (!isPiece) Inspect(whole);
            output.Write(whole);
        }
    }

    private void Inspect(ReadOnlySpan<byte> whole)
    {
        // Inside a JSON text the quotes would be escaped, so that a model that speaks of usage is not parsed for it.
        if (whole.IndexOf("\"usage\""u8) < 0 && whole.IndexOf("\"error\""u8) < 0) return;
        var document = new AnthropicDocumentReader(maxEventBytes);
        foreach (var line in new EventLines(whole))
        {
            if (!line.StartsWith("data:"u8)) continue;
            document.Feed(line["data:"u8.Length..], isLast: false);
            document.Feed("\n"u8, isLast: false);
        }
        document.Feed([], isLast: true);
        if (!document.IsBroken) Note(document);
    }

    private void Note(AnthropicDocumentReader document)
    {
        Reading.ServedModel = document.Model ?? Reading.ServedModel;
        switch (document.Type)
        {
            case "message_start" or "message_delta":
                // Once a usage made no sense, none of this stream is believed.
                _isContradicted |= document.IsUsageBroken;
                if (document.Usage is { } usage) _hasFallen |= !_usage.Overlay(usage);
                if (document is not { HasStopReason: true, Usage: not null }) break;
                _isComplete = true;
                // A figure before the end is not the whole cost.
                if (tellsCost) (Reading.BilledCost, Reading.BilledFee, Reading.IsBillInDoubt) = document.Bill?.Told ?? (null, NanoUsd.Zero, false);
                break;
            case "error":
                _isContradicted = true;
                break;
            default:
                return;
        }
        var isBilled = Reading.IsBillSure;
        var isKnown = _isComplete && !_isContradicted && (isBilled || !_hasFallen);
        Reading.Usage = isKnown ? _usage.Normalise(facts.Model, Reading.ServedModel, isBilled) : null;
        Reading.ServedTier = AnthropicTiers.Served(_usage, facts);
    }
}
