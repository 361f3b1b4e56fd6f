using System.Text.Json;

namespace Spendra.Gateway.Dialects;

/// <summary>
/// Reads one JSON document while it passes in pieces of any size, token by token, holding no more than one unfinished
/// token. What the tokens mean is the dialect's.
/// </summary>
internal abstract class PiecewiseReader(int maxDepth, int maxTokenBytes)
{
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = maxDepth });
    private byte[] _held = [];
    private int _heldBytes;
    private int _retryAt;

    /// <summary>The document is not JSON, too deep, or has a token that is too large: nothing more in it is believed.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Takes the next bytes of the document.</summary>
    public void Feed(ReadOnlySpan<byte> bytes, bool isLast)
    {
        if (IsBroken) return;
        try
        {
            if (_heldBytes == 0)
            {
                Hold(bytes[Read(bytes, isLast)..]);
                return;
            }
            Hold(bytes);
            if (IsBroken) return;
            // An unfinished token is scanned again only when what is held has doubled: linear, however it drips.
            if (!isLast && _heldBytes < _retryAt) return;
            var consumed = Read(_held.AsSpan(0, _heldBytes), isLast);
            _held.AsSpan(consumed, _heldBytes - consumed).CopyTo(_held);
            _heldBytes -= consumed;
            _retryAt = _heldBytes * 2;
        }
        // InvalidOperationException: a text with half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            IsBroken = true;
        }
    }

    /// <summary>Takes one token.</summary>
    protected abstract void Take(ref Utf8JsonReader json);

    /// <summary>A text that is kept: without control characters, which not every database takes; null otherwise.</summary>
    protected static string? Printable(string? text) => text is not null && text.Any(char.IsControl) ? null : text;

    private void Hold(ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty) return;
        if (_heldBytes + rest.Length > maxTokenBytes)
        {
            IsBroken = true;
            _held = [];
            return;
        }
        if (_held.Length < _heldBytes + rest.Length) Array.Resize(ref _held, Math.Max(256, (_heldBytes + rest.Length) * 2));
        rest.CopyTo(_held.AsSpan(_heldBytes));
        if (_heldBytes == 0) _retryAt = rest.Length * 2;
        _heldBytes += rest.Length;
    }

    private int Read(ReadOnlySpan<byte> bytes, bool isLast)
    {
        var json = new Utf8JsonReader(bytes, isLast, _state);
        while (json.Read()) Take(ref json);
        _state = json.CurrentState;
        return (int)json.BytesConsumed;
    }
}
