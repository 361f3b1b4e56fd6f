using System.Text;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects;

/// <summary>
/// Changes a body in place of its values, byte for byte: everything that governance does not touch reaches the
/// provider exactly as the client wrote it. What is put in is ASCII.
/// </summary>
internal sealed class BodyEdits
{
    private readonly List<(ByteSpan Span, string Text)> _edits = [];

    public bool IsEmpty => _edits.Count == 0;

    public void Replace(ByteSpan span, string text) => _edits.Add((span, text));

    public void Insert(int at, string text) => _edits.Add((new ByteSpan(at, 0), text));

    public byte[] Apply(ReadOnlySpan<byte> body)
    {
        _edits.Sort((a, b) => a.Span.Start.CompareTo(b.Span.Start));
        var length = body.Length;
        foreach (var (span, text) in _edits) length += text.Length - span.Length;
        var result = new byte[length];
        int from = 0, to = 0;
        foreach (var (span, text) in _edits)
        {
            body[from..span.Start].CopyTo(result.AsSpan(to));
            to += span.Start - from;
            to += Encoding.ASCII.GetBytes(text, result.AsSpan(to));
            from = span.End;
        }
        body[from..].CopyTo(result.AsSpan(to));
        return result;
    }
}
