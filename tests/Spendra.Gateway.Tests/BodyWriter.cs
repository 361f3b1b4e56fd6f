using System.IO.Compression;
using System.Text;

namespace Spendra.Gateway.Tests;

/// <summary>Fills the body of an answer as no well-behaved server does.</summary>
internal sealed class BodyWriter
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly Stream _network;
    private readonly string _head;

    private BodyWriter(Stream network, string head)
    {
        _network = network;
        _head = head;
    }

    /// <param name="network">To the gateway.</param>
    /// <param name="status">Of the answer; more headers may follow it.</param>
    /// <param name="type">What the body is said to be.</param>
    /// <param name="fill">Writes the body.</param>
    public static Task AnswerAsync(Stream network, string status, string type, Func<BodyWriter, Task> fill) =>
        fill(new BodyWriter(network, $"HTTP/1.1 {status}\ncontent-type: {type}\nconnection: close"));

    /// <summary>All of it, and the end.</summary>
    public Task WriteAsync(string body) => SendAsync($"\ncontent-length: {body.Length}", body);

    /// <summary>What is there, and then silence until the gateway leaves.</summary>
    public async Task StallAsync(string body)
    {
        await SendAsync("", body);
        while (await _network.ReadAsync(new byte[1]) > 0)
        {
            // The gateway says nothing more; it leaves.
        }
    }

    /// <summary>Less than was promised.</summary>
    public Task CutAsync(string body) => SendAsync("\ncontent-length: 1000000", body);

    /// <summary>One drop after the other for as long as the gateway takes them: never silent, and never done.</summary>
    /// <param name="drop">What is sent again and again.</param>
    /// <param name="onDrop">Told of each.</param>
    public async Task DripAsync(string drop, Action? onDrop = null)
    {
        await SendAsync("", "");
        while (true)
        {
            await _network.WriteAsync(Encoding.UTF8.GetBytes(drop));
            onDrop?.Invoke();
            await Task.Delay(Pace);
        }
    }

    /// <summary>Few bytes that unpack to very many.</summary>
    public async Task WritePackedAsync(int bytes)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) await gzip.WriteAsync(new byte[bytes]);
        await SendAsync($"\ncontent-encoding: gzip\ncontent-length: {packed.Length}", "");
        await _network.WriteAsync(packed.ToArray());
    }

    private async Task SendAsync(string headers, string body) => await _network.WriteAsync(RawUpstream.Http(_head + headers, body));
}
