using System.Text;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects;

/// <summary>Changes a body in place of its values; every other byte stays as it is.</summary>
internal static class BodyEdits
{
    /// <summary>The body with each span replaced by a text of ASCII characters. Spans must not overlap.</summary>
    public static byte[] Apply(ReadOnlySpan<byte> body, List<(ByteSpan Span, string Text)> edits)
    {
        edits.Sort((a, b) => a.Span.Start.CompareTo(b.Span.Start));
        var length = body.Length;
        foreach (var (span, text) in edits) length += text.Length - span.Length;
        var result = new byte[length];
        int from = 0, to = 0;
        foreach (var (span, text) in edits)
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
