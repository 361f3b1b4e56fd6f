using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Spendra.Control.Shell;
using Spendra.Storage;

namespace Spendra.Control.Alerts.Channels;

/// <summary>
/// Mail by SMTP, one connection for each message: alerts are few, and a connection that is kept is one that may have died.
/// </summary>
internal sealed class EmailSender(AlertOptions options) : INoticeSender
{
    private const string MessageDomain = "spendra";

    /// <summary>Judges a server's certificate in place of the system, in a test that has no authority; null is the system.</summary>
    internal RemoteCertificateValidationCallback? Trust { get; init; }

    public async Task<SendResult> SendAsync(OutgoingNotice outgoing, CancellationToken cancel)
    {
        try
        {
            using var message = Message(outgoing);
            using var client = new PatientClient { CheckCertificateRevocation = false, ServerCertificateValidationCallback = Trust };
            var settings = outgoing.Settings;
            await using var stream = await OutsideConnection.OpenAsync(new DnsEndPoint(settings.Host!, settings.Port!.Value), options.AllowInside, cancel);
            await client.ConnectAsync(stream, settings.Host!, settings.Port.Value, SecurityOf(settings.Security), cancel);
            if (settings.Username is { } user) await client.AuthenticateAsync(Encoding.UTF8, user, outgoing.Secret.Secret ?? "", cancel);
            await client.SendAsync(message, cancel);
            // It is delivered; whether the server hears our goodbye changes nothing.
            try
            {
                await client.DisconnectAsync(quit: true, cancel);
            }
            catch (Exception e) when (e is IOException or ProtocolException or CommandException or OperationCanceledException)
            {
                // See above.
            }
            return new SendResult(true, (int)SmtpStatusCode.Ok, client.Refused == 0 ? null : $"{client.Refused} of {message.To.Count} recipients were not accepted");
        }
        catch (Exception e) when (Said(e) is { } said)
        {
            return new SendResult(false, (e as SmtpCommandException)?.StatusCode is { } status ? (int)status : null, said);
        }
    }

    private static SecureSocketOptions SecurityOf(string? security) => security switch
    {
        "tls" => SecureSocketOptions.SslOnConnect,
        "none" => SecureSocketOptions.None,
        // Never "when available": whoever sits in between would say that it is not.
        _ => SecureSocketOptions.StartTls,
    };

    private static MimeMessage Message(OutgoingNotice outgoing)
    {
        var n = outgoing.Notice;
        var message = new MimeMessage
        {
            MessageId = $"{outgoing.DeliveryId}@{MessageDomain}", Subject = outgoing.Headline, Date = Micros.ToInstant(n.At),
            Body = new TextPart("plain") { Text = Text(outgoing) },
        };
        message.From.Add(MailboxAddress.Parse(outgoing.Settings.From!));
        message.To.AddRange(outgoing.Settings.To!.Select(MailboxAddress.Parse));
        // All that is told of one alert stands together, and no absent person's answer comes back.
        message.References.Add($"{n.AlertId}@{MessageDomain}");
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }

    private static string Text(OutgoingNotice outgoing)
    {
        var text = new StringBuilder().Append(outgoing.Headline).Append("\r\n\r\n");
        foreach (var (name, value) in outgoing.Lines) text.Append(name).Append(": ").Append(value).Append("\r\n");
        return text.Append("\r\nalert: ").Append(outgoing.Notice.AlertId).Append("\r\n").ToString();
    }

    // What a server says may hold addresses and what it was told: only its code is kept.
    private static string? Said(Exception exception) => exception switch
    {
        InsideAddressException inside => inside.Message,
        AuthenticationException => "the mail server refused the user name or the password",
        SslHandshakeException => "no secure connection could be made",
        SmtpCommandException command => $"the mail server answered {(int)command.StatusCode}",
        NotSupportedException => "the mail server offers no secure connection, or no way to sign in that is known here",
        ProtocolException or IOException or ServiceNotConnectedException => "the exchange broke off",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => "the name of the host is not known",
        SocketException => "no connection could be made",
        _ => null,
    };

    /// <summary>
    /// Goes on without recipients that the server refuses for good: otherwise one that has left would keep all others from hearing.
    /// One that is refused for now is tried again, with all.
    /// </summary>
    private sealed class PatientClient : SmtpClient
    {
        private const int FirstPermanent = 500;

        public int Refused { get; private set; }

        protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response)
        {
            if ((int)response.StatusCode < FirstPermanent) base.OnRecipientNotAccepted(message, mailbox, response);
            Refused++;
        }
    }
}
