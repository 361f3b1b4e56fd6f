using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>Reads one message.</summary>
/// <param name="facts">What was asked for.</param>
/// <param name="maxTokenBytes">The largest token that is held.</param>
/// <param name="tellsCost">The usage says what the provider bills.</param>
internal sealed class AnthropicBodyMeter(RequestFacts facts, int maxTokenBytes, bool tellsCost = false) : BodyMeter
{
    private readonly AnthropicDocumentReader _document = new(maxTokenBytes);

    public override void Read(ReadOnlySpan<byte> bytes) => _document.Feed(bytes, isLast: false);

    public override void Finish()
    {
        _document.Feed([], isLast: true);
        Reading.ServedModel = _document.Model;
        if (_document.IsBroken || _document.IsUsageBroken || _document.Usage is not { } usage) return;
        Reading.ServedTier = AnthropicTiers.Served(usage, facts);
        if (tellsCost && _document.Bill is { } bill) (Reading.BilledCost, Reading.BilledFee, Reading.IsBillInDoubt) = bill.Told;
        Reading.Usage = usage.Normalise(facts.Model, _document.Model, isBilled: Reading.IsBillSure);
    }
}
