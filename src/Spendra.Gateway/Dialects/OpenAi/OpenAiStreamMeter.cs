using System.Buffers;
using Spendra.Core.Metering;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Reads a stream of events, chat chunks or response events. Chat sends its usage in an extra chunk at the end, responses
/// in their terminal event. A stream that tells two usages which differ is not believed.
/// </summary>
/// <param name="hidesUsageChunk">
/// The client did not ask for the extra usage chunk (it has an empty list of choices, which clients that index into
/// it do not survive): it is read and dropped.
/// </param>
/// <param name="maxEventBytes">The largest event that is held to be read.</param>
/// <param name="tellsCost">The usage says what the provider bills.</param>
/// <param name="tellsOutputInTotal">See <see cref="OpenAiDocumentReader"/>.</param>
/// <param name="fees">How calls of the provider's tools are charged, or null.</param>
internal sealed class OpenAiStreamMeter(
    bool hidesUsageChunk, int maxEventBytes, bool tellsCost = false, bool tellsOutputInTotal = false, OpenAiFees? fees = null) : ResponseMeter
{
    private readonly EventSplitter _events = new(maxEventBytes);
    private bool _isUsageContradicted;
    private bool _hasFailed;
    private bool _isDone;
    private Usage? _told;
    private Usage? _last;

    /// <summary>
    /// Chunks may tell the usage so far, which only grows. The last one counts once the stream has ended with <c>[DONE]</c>; a reason for
    /// ending is no end, since some of these models gave one in every chunk.
    /// </summary>
    public bool TellsUsageSoFar { get; init; }

    /// <summary>See <see cref="OpenAiDocumentReader.ToUsage"/>.</summary>
    public bool MayWriteLong { get; init; }

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
            if (TellsUsageSoFar) NoteProgress(whole, isPiece);
            var isHidden = !isPiece && Inspect(whole);
            if (!isHidden) output.Write(whole);
        }
    }

    /// <summary>True when the event is to be kept from the client.</summary>
    private bool Inspect(ReadOnlySpan<byte> whole)
    {
        // Inside a JSON text the quotes would be escaped, so that a model that speaks of usage is not parsed for it.
        if (whole.IndexOf("\"usage\""u8) < 0 && whole.IndexOf("\"error\""u8) < 0) return false;
        var document = new OpenAiDocumentReader(maxEventBytes, tellsOutputInTotal);
        foreach (var line in new EventLines(whole))
        {
            if (!line.StartsWith("data:"u8)) continue;
            document.Feed(line["data:"u8.Length..], isLast: false);
            document.Feed("\n"u8, isLast: false);
        }
        document.Feed([], isLast: true);
        if (document.IsBroken)
        {
            // A usage that cannot be read may have been the bill.
            _isUsageContradicted |= document.HasUsage;
            Tell();
            return false;
        }
        Note(document);
        return hidesUsageChunk && document is { HasUsage: true, HasEmptyChoices: true };
    }

    private void Note(OpenAiDocumentReader document)
    {
        Reading.ObjectId ??= document.Id;
        Reading.ServedModel = document.Model ?? Reading.ServedModel;
        Reading.ServedTier = document.ServiceTier ?? Reading.ServedTier;
        Reading.IsPending = document.Status is "queued" or "in_progress";
        _hasFailed |= document.HasError;
        if (!document.HasUsage) return;
        var usage = document.ToUsage(hasOutput: true, MayWriteLong, tellsCost);
        _told = OpenAiFees.Add(fees, document, usage);
        // Once a usage made no sense, none of this stream is believed.
        _isUsageContradicted |= _told is null || (_last is { } last && Contradicts(last, usage!.Value));
        _last = usage;
        Tell();
        if (tellsCost) (Reading.BilledCost, Reading.BilledFee, Reading.IsBillInDoubt) = document.ToBilled();
    }

    private bool Contradicts(in Usage last, in Usage next) =>
        TellsUsageSoFar ? next.TotalInput < last.TotalInput || next.Output < last.Output : next != last;

    private void Tell() =>
        Reading.Usage = _isUsageContradicted || (TellsUsageSoFar && (!_isDone || _hasFailed)) ? null : _told;

    /// <summary>What comes after a usage is not in it, unless it is the end.</summary>
    private void NoteProgress(ReadOnlySpan<byte> whole, bool isPiece)
    {
        if (isPiece) _told = null;
        foreach (var line in new EventLines(whole))
        {
            if (isPiece || !line.StartsWith("data:"u8)) continue;
            if (line["data:"u8.Length..].Trim((byte)' ').SequenceEqual("[DONE]"u8)) _isDone = true;
            else _told = null;
        }
        Tell();
    }
}
