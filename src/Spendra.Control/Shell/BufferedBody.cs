using Microsoft.AspNetCore.Http;

namespace Spendra.Control.Shell;

/// <summary>
/// The body of a call for two readers: one that binds it and one that makes its digest. Which of them is first is the order of the
/// operation's parameters, so what the first reads is kept before either does.
/// </summary>
internal static class BufferedBody
{
    public const int MostBytes = 1 << 20;

    /// <summary>Before anything of it is read.</summary>
    public static void Keep(HttpContext http) => http.Request.EnableBuffering(MostBytes, MostBytes);

    /// <summary>All of a kept body, whatever of it was read; afterwards it stands at its beginning.</summary>
    /// <exception cref="BadHttpRequestException">Larger than a body of the management API may be.</exception>
    public static async Task<byte[]> ReadAsync(HttpContext http)
    {
        // What another reader has taken of a body that is not kept would be missing without a word.
        if (!http.Request.Body.CanSeek) throw new InvalidOperationException("the body of this call is not kept");
        using var memory = new MemoryStream();
        try
        {
            http.Request.Body.Position = 0;
            await http.Request.Body.CopyToAsync(memory, http.RequestAborted);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw new BadHttpRequestException("the body is too large", StatusCodes.Status413PayloadTooLarge, e);
        }
        http.Request.Body.Position = 0;
        return memory.ToArray();
    }
}
