using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>Reads one message.</summary>
internal sealed class AnthropicBodyMeter(RequestFacts facts, int maxTokenBytes) : BodyMeter
{
    private readonly AnthropicDocumentReader _document = new(maxTokenBytes);

    public override void Read(ReadOnlySpan<byte> bytes) => _document.Feed(bytes, isLast: false);

    public override void Finish()
    {
        _document.Feed([], isLast: true);
        Reading.ServedModel = _document.Model;
        if (_document.IsBroken || _document.IsUsageBroken || _document.Usage is not { } usage) return;
        Reading.ServedTier = AnthropicTiers.Served(usage, facts);
        Reading.Usage = usage.Normalise(facts.Model, _document.Model);
    }
}
