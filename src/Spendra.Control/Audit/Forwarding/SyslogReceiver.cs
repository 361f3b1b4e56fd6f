using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Spendra.Control.Audit.Forwarding;

/// <summary>
/// Tells records as syslog messages (RFC 5424) over TLS (RFC 5425), each with its length before it. Syslog confirms nothing, and what
/// was written to a connection may never have been read: so each batch has a connection of its own, which is ended in good order, and
/// confirmed is what the receiver has ended its side after.
/// </summary>
internal sealed class SyslogReceiver(ForwardOptions options) : IAuditReceiver
{
    // Facility 13 (log audit), severity 5 (notice).
    private const int Priority = (13 * 8) + 5;

    private static readonly string Host = NameOfHost();

    /// <summary>A test may trust its own server.</summary>
    internal RemoteCertificateValidationCallback? Trust { private get; init; }

    public async Task TellAsync(IReadOnlyList<ForwardedRecord> records, CancellationToken cancel)
    {
        try
        {
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(options.Url!.Host, options.Url.Port, cancel);
            var network = client.GetStream();
            await using var stream = await SecureAsync(network, cancel);
            foreach (var record in records) await stream.WriteAsync(Frame(record), cancel);
            await stream.FlushAsync(cancel);
            if (stream is SslStream tls) await tls.ShutdownAsync();
            client.Client.Shutdown(SocketShutdown.Send);
            await AwaitEndAsync(network, cancel);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new ForwardException("the connection could not be made, or broke", isOfReceiver: true);
        }
        catch (AuthenticationException)
        {
            throw new ForwardException("the receiver's certificate is not trusted here", isOfReceiver: true);
        }
    }

    public void Dispose()
    {
    }

    /// <summary>A message with its length, in bytes, before it.</summary>
    internal static byte[] Frame(ForwardedRecord record)
    {
        var head = Encoding.ASCII.GetBytes($"<{Priority}>1 {AuditLines.InstantOf(record.RecordedAt) ?? "-"} {Host} spendra - audit - ");
        return [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{head.Length + record.Json.Length} ")), .. head, .. record.Json];
    }

    private async Task<Stream> SecureAsync(NetworkStream stream, CancellationToken cancel)
    {
        if (options.Url!.Scheme == ForwardOptions.SyslogTcp) return stream;
        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = options.Url.Host, EnabledSslProtocols = SslProtocols.None, RemoteCertificateValidationCallback = Trust,
        }, cancel);
        return tls;
    }

    // The receiver says nothing but, with TLS, that it has ended.
    private static async Task AwaitEndAsync(NetworkStream stream, CancellationToken cancel)
    {
        var rest = new byte[256];
        while (await stream.ReadAsync(rest, cancel) > 0)
        {
        }
    }

    private static string NameOfHost()
    {
        var name = new string([.. Environment.MachineName.Where(c => c is > ' ' and <= '~').Take(255)]);
        return name.Length > 0 ? name : "-";
    }
}
