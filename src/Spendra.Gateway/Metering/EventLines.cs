namespace Spendra.Gateway.Metering;

/// <summary>The lines of an event without their ends.</summary>
internal ref struct EventLines(ReadOnlySpan<byte> rest)
{
    private ReadOnlySpan<byte> _rest = rest;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly EventLines GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.IsEmpty) return false;
        var end = _rest.IndexOfAny((byte)'\n', (byte)'\r');
        Current = end < 0 ? _rest : _rest[..end];
        var skip = end < 0 ? _rest.Length : end + 1;
        if (end >= 0 && _rest[end] == '\r' && skip < _rest.Length && _rest[skip] == '\n') skip++;
        _rest = _rest[skip..];
        return true;
    }
}
