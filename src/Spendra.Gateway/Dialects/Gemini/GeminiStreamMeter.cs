using System.Buffers;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>Reads a stream of events: each is one response. No mark ends the stream; the reasons for ending do.</summary>
internal sealed class GeminiStreamMeter(GeminiTally tally, int maxEventBytes) : ResponseMeter
{
    private readonly EventSplitter _events = new(maxEventBytes);

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
        tally.Tell(Reading);
    }

    private void Inspect(ReadOnlySpan<byte> whole)
    {
        var document = new GeminiDocumentReader(tally, maxEventBytes);
        foreach (var line in new EventLines(whole))
        {
            if (!line.StartsWith("data:"u8)) continue;
            document.Feed(line["data:"u8.Length..], isLast: false);
            document.Feed("\n"u8, isLast: false);
        }
    }
}

/// <summary>
/// Reads a stream that is one JSON list of responses, as which Google sends it without <c>alt=sse</c>. Nothing is held
/// back: a response counts from the byte that ends it on.
/// </summary>
internal sealed class GeminiArrayMeter(GeminiTally tally, int maxTokenBytes) : ResponseMeter
{
    private readonly GeminiDocumentReader _document = new(tally, maxTokenBytes);

    public override void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        _document.Feed(bytes, isLast: false);
        output.Write(bytes);
        tally.Tell(Reading);
    }

    public override void End(IBufferWriter<byte> output)
    {
        _document.Feed([], isLast: true);
        tally.Tell(Reading);
    }
}
