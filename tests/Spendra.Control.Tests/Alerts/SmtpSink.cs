using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Spendra.Control.Tests.Alerts;

/// <summary>A mail that was taken.</summary>
internal sealed record TakenMail(string From, IReadOnlyList<string> To, string Text, string? User, bool IsEncrypted);

/// <summary>A small mail server that speaks SMTP over TCP (RFC 5321), with STARTTLS and AUTH PLAIN and LOGIN.</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _sessions = [];
    private readonly Task _accepting;

    public SmtpSink()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<TakenMail> Got { get; } = new();

    /// <summary>Every line that came in, in clear or not.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>Offers STARTTLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>User and password that are wanted; null for neither.</summary>
    public (string User, string Password)? Account { get; set; }

    /// <summary>The answer to a recipient.</summary>
    public Func<string, string> OnRecipient { get; set; } = static _ => "250 ok";

    /// <summary>The answer to a mail that came whole; null for none, ever.</summary>
    public string? OnData { get; set; } = "250 ok";

    /// <summary>Says nothing, not even hello.</summary>
    public bool IsSilent { get; set; }

    public static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_sessions);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _sessions.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var held = client;
        try
        {
            if (IsSilent) await Task.Delay(Timeout.Infinite, _stop.Token);
            await new Session(this, client.GetStream(), _stop.Token).RunAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException or SocketException)
        {
            // Whoever called has gone.
        }
    }

    private sealed class Session(SmtpSink sink, Stream stream, CancellationToken cancel)
    {
        private readonly List<string> _to = [];
        private string _from = "";
        private string? _user;
        private bool _isEncrypted;

        public async Task RunAsync()
        {
            await SayAsync("220 sink ESMTP");
            while (await LineAsync() is { } line)
            {
                var verb = line.Split(' ')[0].ToUpperInvariant();
                if (verb == "QUIT")
                {
                    await SayAsync("221 bye");
                    return;
                }
                await AnswerAsync(verb, line);
            }
        }

        private async Task AnswerAsync(string verb, string line)
        {
            switch (verb)
            {
                case "EHLO":
                    await SayAsync($"250-sink\r\n{(sink.Certificate is not null && !_isEncrypted ? "250-STARTTLS\r\n" : "")}250-AUTH PLAIN LOGIN\r\n250 8BITMIME");
                    break;
                case "STARTTLS":
                    await SayAsync("220 go ahead");
                    var tls = new SslStream(stream);
                    stream = tls;
                    await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = sink.Certificate }, cancel);
                    _isEncrypted = true;
                    break;
                case "AUTH":
                    await AuthenticateAsync(line.Split(' '));
                    break;
                case "MAIL":
                    _from = line[(line.IndexOf('<') + 1)..line.IndexOf('>')];
                    await SayAsync(sink.Account is not null && _user is null ? "530 sign in first" : "250 ok");
                    break;
                case "RCPT":
                    var to = line[(line.IndexOf('<') + 1)..line.IndexOf('>')];
                    var answer = sink.OnRecipient(to);
                    if (answer[0] == '2') _to.Add(to);
                    await SayAsync(answer);
                    break;
                case "DATA":
                    await DataAsync();
                    break;
                default:
                    await SayAsync(verb is "RSET" or "NOOP" ? "250 ok" : "502 what");
                    break;
            }
        }

        private async Task AuthenticateAsync(string[] words)
        {
            string[] said;
            if (words[1].Equals("PLAIN", StringComparison.OrdinalIgnoreCase))
            {
                if (words.Length < 3) await SayAsync("334 ");
                said = Decode(words.Length < 3 ? await LineAsync() : words[2]).Split('\0')[1..];
            }
            else
            {
                await SayAsync("334 VXNlcm5hbWU6");
                var user = Decode(await LineAsync());
                await SayAsync("334 UGFzc3dvcmQ6");
                said = [user, Decode(await LineAsync())];
            }
            if (sink.Account is { } account && (said[0], said[1]) == account)
            {
                _user = said[0];
                await SayAsync("235 welcome");
            }
            else
            {
                await SayAsync("535 5.7.8 wrong user or password");
            }
        }

        private async Task DataAsync()
        {
            if (_to.Count == 0)
            {
                await SayAsync("554 nobody");
                return;
            }
            await SayAsync("354 go on");
            var text = new StringBuilder();
            while (await LineAsync() is { } line && line != ".") text.Append(line.StartsWith('.') ? line[1..] : line).Append('\n');
            if (sink.OnData is not { } answer)
            {
                await Task.Delay(Timeout.Infinite, cancel);
                return;
            }
            if (answer[0] == '2') sink.Got.Enqueue(new TakenMail(_from, [.. _to], text.ToString(), _user, _isEncrypted));
            _to.Clear();
            await SayAsync(answer);
        }

        private static string Decode(string? base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64!));

        private async Task SayAsync(string line) => await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), cancel);

        private async Task<string?> LineAsync()
        {
            var line = new List<byte>();
            var one = new byte[1];
            while (await stream.ReadAsync(one, cancel) == 1)
            {
                if (one[0] == '\n')
                {
                    var text = Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
                    sink.Lines.Enqueue(text);
                    return text;
                }
                line.Add(one[0]);
            }
            return null;
        }
    }
}
