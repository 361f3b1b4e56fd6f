using Microsoft.AspNetCore.Http;

namespace Spendra.Control.Shell;

/// <summary>The body of a call for two readers: one that binds it and one that makes its digest.</summary>
internal static class BufferedBody
{
    public const int MostBytes = 1 << 20;

    /// <exception cref="BadHttpRequestException">Larger than a body of the management API may be.</exception>
    public static async Task<byte[]> ReadAsync(HttpContext http)
    {
        http.Request.EnableBuffering(MostBytes, MostBytes);
        using var memory = new MemoryStream();
        try
        {
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
