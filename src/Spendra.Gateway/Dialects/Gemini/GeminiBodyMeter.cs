using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>Reads one JSON body.</summary>
internal sealed class GeminiBodyMeter(GeminiTally tally, int maxTokenBytes) : BodyMeter
{
    private readonly GeminiDocumentReader _document = new(tally, maxTokenBytes);

    public override void Read(ReadOnlySpan<byte> bytes) => _document.Feed(bytes, isLast: false);

    public override void Finish()
    {
        _document.Feed([], isLast: true);
        if (!_document.IsBroken) tally.Tell(Reading);
    }
}
