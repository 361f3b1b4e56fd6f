using Microsoft.AspNetCore.Http;

namespace Spendra.Control.Shell;

/// <summary>The id under which logs and audit records know a call; also a response header.</summary>
internal static class RequestIds
{
    public const string Header = "x-spendra-request-id";

    private static readonly object Item = new();

    public static string Of(HttpContext http)
    {
        if (http.Items.TryGetValue(Item, out var known)) return (string)known!;
        var id = Guid.CreateVersion7().ToString();
        http.Items[Item] = id;
        http.Response.Headers[Header] = id;
        return id;
    }
}
