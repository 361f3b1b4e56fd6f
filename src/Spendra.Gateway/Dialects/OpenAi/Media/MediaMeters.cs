using System.Buffers;
using Spendra.Core.Metering;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>Passes an answer on as it comes; what it costs is known from the request, or not at all.</summary>
internal sealed class AskedUsageMeter(Usage? usage) : ResponseMeter
{
    public override void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output) => output.Write(bytes);

    public override void End(IBufferWriter<byte> output) => Reading.Usage = usage;
}

/// <summary>Reads one JSON body.</summary>
internal sealed class MediaBodyMeter(MediaUsageRules rules) : BodyMeter
{
    private readonly MediaUsageReader _document = new(rules);

    public override void Read(ReadOnlySpan<byte> bytes) => _document.FeedLong(bytes);

    public override void Finish()
    {
        _document.End();
        Reading.Usage = _document.ToUsage();
        Reading.ServedModel = _document.Model;
    }
}

/// <summary>
/// Reads a stream of events while it passes, without holding any: one event may be a whole picture. The usage is in the
/// last one; a stream that tells two that differ, or one that makes no sense, is not believed.
/// </summary>
internal sealed class MediaStreamMeter(MediaUsageRules rules) : ResponseMeter
{
    private static ReadOnlySpan<byte> DataField => "data:"u8;

    private MediaUsageReader? _event;
    private bool _isContradicted;
    private bool _isAfterReturn;
    private bool _isData;
    private bool _isOther;
    private int _lineBytes;

    public override void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        output.Write(bytes);
        while (!bytes.IsEmpty)
        {
            // A line feed after a carriage return belongs to the same line end.
            if (_isAfterReturn && bytes[0] == '\n') bytes = bytes[1..];
            _isAfterReturn = false;
            if (bytes.IsEmpty) break;
            var end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            TakeOfLine(end < 0 ? bytes : bytes[..end]);
            if (end < 0) break;
            _isAfterReturn = bytes[end] == '\r';
            EndLine();
            bytes = bytes[(end + 1)..];
        }
    }

    public override void End(IBufferWriter<byte> output) => EndEvent();

    private void TakeOfLine(ReadOnlySpan<byte> part)
    {
        while (!_isData && !_isOther && !part.IsEmpty)
        {
            if (part[0] != DataField[_lineBytes]) _isOther = true;
            else if (++_lineBytes == DataField.Length) _isData = true;
            part = part[1..];
        }
        if (_isData && !part.IsEmpty) (_event ??= new MediaUsageReader(rules)).FeedLong(part);
    }

    private void EndLine()
    {
        var isEmpty = _lineBytes == 0 && !_isOther;
        if (_isData) (_event ??= new MediaUsageReader(rules)).FeedLong("\n"u8);
        (_isData, _isOther, _lineBytes) = (false, false, 0);
        if (isEmpty) EndEvent();
    }

    private void EndEvent()
    {
        if (_event is not { } ended) return;
        _event = null;
        ended.End();
        if (!ended.HasUsage) return;
        var usage = ended.ToUsage();
        _isContradicted |= usage is null || Reading.Usage is { } known && known != usage;
        Reading.Usage = _isContradicted ? null : usage;
        Reading.ServedModel = ended.Model ?? Reading.ServedModel;
    }
}
