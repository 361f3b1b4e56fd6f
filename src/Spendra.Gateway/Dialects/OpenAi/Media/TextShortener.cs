namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>
/// Cuts the texts of a JSON document short while it passes, so that a picture of many megabytes need not be held to be
/// skipped. What is left is JSON as before.
/// </summary>
internal sealed class TextShortener
{
    private const int MaxTextBytes = 1024;
    private const int HexDigits = 4;

    private bool _isText;
    private bool _isEscape;
    private int _kept;
    private int _digitsLeft;

    /// <summary>Takes a run of bytes from the front; what is to be read of it, which may be nothing.</summary>
    public ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest)
    {
        if (!_isText) return TakeBetween(ref rest);
        if (_isEscape) return TakeEscaped(ref rest);
        var stop = rest.IndexOfAny((byte)'"', (byte)'\\');
        if (stop == 0) return TakeMark(ref rest);
        var text = Cut(ref rest, stop < 0 ? rest.Length : stop);
        // The digits of an escape that has begun are kept, or what is left would not be JSON.
        var kept = text[..Math.Min(text.Length, Math.Max(_digitsLeft, MaxTextBytes - _kept))];
        _digitsLeft = Math.Max(0, _digitsLeft - text.Length);
        _kept += kept.Length;
        return kept;
    }

    private ReadOnlySpan<byte> TakeBetween(ref ReadOnlySpan<byte> rest)
    {
        var quote = rest.IndexOf((byte)'"');
        _isText = quote >= 0;
        _kept = 0;
        _digitsLeft = 0;
        return Cut(ref rest, quote < 0 ? rest.Length : quote + 1);
    }

    private ReadOnlySpan<byte> TakeMark(ref ReadOnlySpan<byte> rest)
    {
        var mark = Cut(ref rest, 1);
        _isText = mark[0] != '"';
        _isEscape = _isText;
        return _isText && _kept >= MaxTextBytes ? default : mark;
    }

    private ReadOnlySpan<byte> TakeEscaped(ref ReadOnlySpan<byte> rest)
    {
        var escaped = Cut(ref rest, 1);
        _isEscape = false;
        if (_kept >= MaxTextBytes) return default;
        _kept += 2;
        _digitsLeft = escaped[0] == 'u' ? HexDigits : 0;
        return escaped;
    }

    private static ReadOnlySpan<byte> Cut(ref ReadOnlySpan<byte> rest, int length)
    {
        var cut = rest[..length];
        rest = rest[length..];
        return cut;
    }
}
