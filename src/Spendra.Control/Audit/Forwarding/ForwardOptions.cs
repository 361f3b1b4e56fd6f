namespace Spendra.Control.Audit.Forwarding;

/// <summary>Where audit records are told, as they are written. Nowhere without an address.</summary>
public sealed record ForwardOptions
{
    public const string SyslogTls = "syslog+tls";
    public const string SyslogTcp = "syslog+tcp";

    /// <summary><c>https</c> or <see cref="SyslogTls"/>; on loopback also without TLS. Its path may hold a token of the receiver.</summary>
    public Uri? Url { get; init; }

    /// <summary>For https: sent as <c>Authorization: Bearer …</c>.</summary>
    public string? Token { private get; init; }

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan AttemptLimit { get; init; } = TimeSpan.FromSeconds(10);

    public bool IsSyslog => Url is { Scheme: SyslogTls or SyslogTcp };

    public string? RevealToken() => Token;

    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append("Url = ").Append(Url?.GetLeftPart(UriPartial.Authority)).Append(", Token = ").Append(Token is null ? "" : "[redacted]");
        return true;
    }

    public static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Host.Length: > 0, UserInfo: "", Fragment: "" }
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)
            || (uri.Scheme is SyslogTls or SyslogTcp && uri is { Port: > 0, AbsolutePath: "" or "/", Query: "" } && (uri.Scheme == SyslogTls || uri.IsLoopback)));
}
