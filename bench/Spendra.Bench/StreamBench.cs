using System.Net.Http.Headers;
using System.Text;

namespace Spendra.Bench;

/// <summary>
/// Many streams at once through a gateway in front of the sandbox: all are open together, and every one must be read
/// to its <c>[DONE]</c>.
/// </summary>
internal static class StreamBench
{
    // Opened a few at a time: a burst of connections measures the listen queue and not the streams.
    private const int OpeningAtOnce = 64;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <param name="gateway">Address with the version prefix, such as <c>http://127.0.0.1:8080/v1/</c>.</param>
    /// <param name="key">A key that may use the model.</param>
    /// <param name="model">A priced model.</param>
    /// <param name="count">How many streams.</param>
    /// <param name="chunkMs">How long the sandbox waits between chunks.</param>
    /// <param name="tokens">How many chunks each stream has.</param>
    public static async Task<(int Complete, int Failed, int MostAtOnce)> RunAsync(
        Uri gateway, string key, string model, int count, int chunkMs, int tokens)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue };
        using var client = new HttpClient(handler) { BaseAddress = gateway, Timeout = Limit };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var opening = new SemaphoreSlim(OpeningAtOnce);
        int complete = 0, failed = 0, open = 0, most = 0;
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            try
            {
                if (await StreamAsync()) Interlocked.Increment(ref complete);
                else Interlocked.Increment(ref failed);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                Interlocked.Increment(ref failed);
            }
        }));
        return (complete, failed, most);

        async Task<bool> StreamAsync()
        {
            var body = "{\"model\":\"" + model + "\",\"stream\":true,\"max_tokens\":" + tokens
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"[[sandbox chunk_ms=" + chunkMs + " tokens=" + tokens + "]]\"}]}";
            using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions")
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            await opening.WaitAsync();
            HttpResponseMessage response;
            try
            {
                response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            }
            finally
            {
                opening.Release();
            }
            using (response)
            {
                if (!response.IsSuccessStatusCode) return false;
                var now = Interlocked.Increment(ref open);
                InterlockedMax(ref most, now);
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
                var isDone = false;
                while (await reader.ReadLineAsync() is { } line) isDone |= line == "data: [DONE]";
                Interlocked.Decrement(ref open);
                return isDone;
            }
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            if (Interlocked.CompareExchange(ref target, value, seen) == seen) return;
    }
}
