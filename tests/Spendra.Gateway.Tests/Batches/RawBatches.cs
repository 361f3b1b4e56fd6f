using System.Net.Sockets;

namespace Spendra.Gateway.Tests.Batches;

/// <summary>Answers of a provider of batches at the level of bytes.</summary>
internal static class RawBatches
{
    /// <summary>Every batch has ended, and its output comes as one byte after the other, for ever.</summary>
    public static RawUpstream Dripping() => RawUpstream.Start(async (request, network) =>
    {
        if (IdIn(request) is { } id) await network.WriteAsync(Json(Completed(id)));
        else await DripAsync(network);
    });

    /// <summary>Does what another provider does, and loses its answer to the creation of a batch.</summary>
    public static RawUpstream Losing(Company company) => RawUpstream.Start(async (request, network) =>
    {
        var words = request[..request.IndexOf('\r')].Split(' ');
        using var client = new HttpClient();
        using var passed = new HttpRequestMessage(new HttpMethod(words[0]), new Uri(company.Provider.Root, words[1]));
        passed.Headers.Authorization = new("Bearer", "sk-upstream-secret");
        var isCreation = words[0] == "POST";
        if (isCreation) passed.Content = GatewayHarness.Json(request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        using var answer = await client.SendAsync(passed);
        answer.EnsureSuccessStatusCode();
        if (!isCreation) await network.WriteAsync(Json(await answer.Content.ReadAsStringAsync()));
    });

    public static byte[] Json(string body) => RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: application/json\nconnection: close\ncontent-length: {body.Length}", body);

    public static string Completed(string id) =>
        $$$"""{"id":"{{{id}}}","status":"completed","endpoint":"/v1/chat/completions","output_file_id":"file-1","request_counts":{"completed":1}}""";

    /// <summary>The batch that a request asks for, or null when it asks for something else.</summary>
    public static string? IdIn(string request)
    {
        const string prefix = "GET /v1/batches/";
        return request.StartsWith(prefix, StringComparison.Ordinal) ? request[prefix.Length..request.IndexOf(' ', prefix.Length)] : null;
    }

    /// <summary>A file that is never silent for long and never ends; returns when the reader has left.</summary>
    public static async Task DripAsync(NetworkStream network)
    {
        await network.WriteAsync(RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: application/octet-stream\nconnection: close\ncontent-length: 1000000"));
        while (true)
        {
            await network.WriteAsync(" "u8.ToArray());
            await Task.Delay(50);
        }
    }
}
