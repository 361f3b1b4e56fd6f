using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>Reads one JSON body.</summary>
internal sealed class OpenAiBodyMeter(
    bool hasOutput, int maxTokenBytes, bool tellsCost = false, bool tellsOutputInTotal = false, OpenAiFees? fees = null) : BodyMeter
{
    private readonly OpenAiDocumentReader _document = new(maxTokenBytes, tellsOutputInTotal);

    /// <summary>See <see cref="OpenAiDocumentReader.ToUsage"/>.</summary>
    public bool MayWriteLong { get; init; }

    public override void Read(ReadOnlySpan<byte> bytes)
    {
        _document.Feed(bytes, isLast: false);
        // Known before the body ends: whose the object is must be recorded before the client can use it.
        Reading.ObjectId ??= _document.Id;
    }

    public override void Finish()
    {
        _document.Feed([], isLast: true);
        Reading.Usage = OpenAiFees.Add(fees, _document, _document.ToUsage(hasOutput, MayWriteLong, tellsCost));
        if (tellsCost) (Reading.BilledCost, Reading.BilledFee, Reading.IsBillInDoubt) = _document.ToBilled();
        Reading.ServedModel = _document.Model;
        Reading.ServedTier = _document.ServiceTier;
        if (_document.IsBroken) return;
        Reading.ObjectId ??= _document.Id;
        Reading.IsPending = _document.Status is "queued" or "in_progress";
    }
}
