using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Spendra.Control.Audit;

/// <summary>A place outside the database that keeps what it was given.</summary>
internal interface ICheckpointSink : IDisposable
{
    /// <summary>Names the sink among those that ever were: how far it is, is remembered under it.</summary>
    string Name { get; }

    /// <summary>Returns when the line is kept for good.</summary>
    Task KeepAsync(byte[] line, CancellationToken cancel);
}

/// <summary>Appends to a file and waits for the disk.</summary>
internal sealed class FileSink(string path) : ICheckpointSink
{
    private const byte NewLine = (byte)'\n';

    public string Name => $"file {Path.GetFullPath(path)}";

    public async Task KeepAsync(byte[] line, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        // What a crash has left of a line ends here, so that it spoils no other.
        var isTorn = false;
        if (file.Length > 0)
        {
            file.Position = file.Length - 1;
            isTorn = file.ReadByte() != NewLine;
        }
        file.Position = file.Length;
        await file.WriteAsync((byte[])[.. isTorn ? [NewLine] : Array.Empty<byte>(), .. line, NewLine], cancel);
        file.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
    }
}

/// <summary>Posts to an address that the operator has configured; kept is what is answered with a status of success.</summary>
internal sealed class WebhookSink : ICheckpointSink
{
    private readonly Uri _address;
    // Without a propagator there is no activity, which would hold the whole address.
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null })
    {
        Timeout = TimeSpan.FromSeconds(10),
    };

    public WebhookSink(Uri address) => _address = address;

    // A path or a query may hold a token of the receiver, and the name stands in the log: a digest tells one path from another.
    public string Name => $"webhook {_address.GetLeftPart(UriPartial.Authority)} #{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_address.AbsolutePath)))[..12]}";

    public async Task KeepAsync(byte[] line, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(line);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await _client.PostAsync(_address, content, cancel);
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"the answer was HTTP {(int)response.StatusCode}: expected a status of success");
    }

    public void Dispose() => _client.Dispose();
}
