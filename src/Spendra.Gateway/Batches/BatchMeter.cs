using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Batches;

/// <summary>Reads a batch as it passes: whose it is must be known before the client can use its id, and so its files' ids.</summary>
/// <param name="makes">The answer makes the batch: from here on it goes on at the provider, whatever it says of itself.</param>
internal sealed class BatchMeter(bool makes) : BodyMeter
{
    private readonly OpenAiDocumentReader _document = new(BatchState.MaxBytes);
    private readonly MemoryStream _held = new();

    public override void Read(ReadOnlySpan<byte> bytes)
    {
        _document.Feed(bytes, isLast: false);
        Reading.ObjectId ??= _document.Id;
        Reading.IsPending = makes && Reading.ObjectId is not null;
        if (_held.Length + bytes.Length <= BatchState.MaxBytes) _held.Write(bytes);
    }

    public override void Finish() => Reading.Batch = BatchState.Read(_held.GetBuffer().AsMemory(0, (int)_held.Length));
}
