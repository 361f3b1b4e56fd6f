using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Spendra.Control.Tests.Audit;

/// <summary>What a receiver of syslog does with a connection.</summary>
internal enum SyslogManner
{
    /// <summary>Reads to the end, and ends its side.</summary>
    Reads,
    /// <summary>Reads one message and resets the connection.</summary>
    BreaksOff,
    /// <summary>Reads everything and never ends its side.</summary>
    Hangs,
}

/// <summary>A real receiver of syslog over TLS with octet counting, with a certificate of its own.</summary>
internal sealed class SyslogSink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate = MakeCertificate();
    private readonly Task _running;
    private readonly ConcurrentBag<Task> _connections = [];
    private int _count;

    public SyslogSink()
    {
        _listener.Start();
        _running = AcceptAsync();
    }

    /// <summary>Messages that were read whole, without their length.</summary>
    public ConcurrentQueue<string> Got { get; } = new();

    /// <summary>Released when a connection was read as far as its manner says.</summary>
    public SemaphoreSlim Done { get; } = new(0);

    /// <summary>Of the n-th connection, from 1 on.</summary>
    public Func<int, SyslogManner> Manner { get; set; } = static _ => SyslogManner.Reads;

    public Uri Address => new($"syslog+tls://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public bool IsOurs(X509Certificate? certificate) => certificate?.GetCertHashString() == _certificate.GetCertHashString();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _running;
        await Task.WhenAll(_connections);
        _certificate.Dispose();
        _stop.Dispose();
        Done.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token), Manner(++_count)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The sink stops.
        }
    }

    private async Task ServeAsync(TcpClient client, SyslogManner manner)
    {
        using var held = client;
        try
        {
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
            while (await ReadAsync(tls) is { } message)
            {
                Got.Enqueue(message);
                if (manner == SyslogManner.BreaksOff) break;
            }
            Done.Release();
            if (manner == SyslogManner.Hangs) await Task.Delay(Timeout.Infinite, _stop.Token);
            // No farewell: the connection is reset, as that of a process that dies with something unread.
            if (manner == SyslogManner.BreaksOff)
            {
                client.LingerState = new LingerOption(true, 0);
                client.Client.Dispose();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or System.Security.Authentication.AuthenticationException)
        {
            // The other side has gone, or the sink stops.
        }
    }

    private async Task<string?> ReadAsync(SslStream stream)
    {
        var length = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0) return length.Length == 0 ? null : throw new IOException("a message was cut off");
            if (one[0] == ' ') break;
            length.Append((char)one[0]);
        }
        var message = new byte[int.Parse(length.ToString(), NumberStyles.None, CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(message, _stop.Token);
        return Encoding.UTF8.GetString(message);
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
