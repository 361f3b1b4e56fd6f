using System.Text;

namespace Spendra.Storage;

/// <summary>
/// Text that a provider or a client chose and that only informs. PostgreSQL stores neither U+0000 nor half a
/// surrogate pair: such a text must not keep a settlement from being written, so both become U+FFFD, on both engines.
/// </summary>
internal static class ForeignText
{
    public static string? Storable(string? text)
    {
        if (text is null) return null;
        if (text.AsSpan().ContainsAnyInRange('\ud800', '\udfff')) text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        return text.Replace('\0', '\ufffd');
    }
}
