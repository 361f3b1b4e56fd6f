using System.Net;
using Spendra.Control;
using Spendra.Core.Governance;

namespace Spendra.Settings;

/// <summary>Reads how the control plane is reached and how people prove who they are. Secrets are never repeated in errors.</summary>
internal static class ControlSettings
{
    private const int ShortestSecret = 32;

    public static ControlOptions Read(SettingReader reader, string urls, List<string> errors)
    {
        var url = reader.Checked("Control:PublicUrl", IsPublicUrl, "https://host, or http:// on loopback; without a path") is { } text ? new Uri(text) : null;
        var defaults = new ControlOptions();
        var options = defaults with
        {
            PublicUrl = url,
            IsPlainHttp = url is null ? AreLoopback(urls) : url.Scheme == Uri.UriSchemeHttp,
            SessionHours = reader.Number("Control:SessionHours", defaults.SessionHours, 1, 720),
            SignInsPerMinute = reader.Number("Control:SignInsPerMinute", defaults.SignInsPerMinute, 1, 10_000),
            SignInsPerMinuteOfAddress = reader.Number("Control:SignInsPerMinuteOfAddress", defaults.SignInsPerMinuteOfAddress, 1, 1_000_000),
            TrustedProxies = reader.Checked("Control:TrustedProxies", AreNetworks, "addresses or networks such as 10.0.0.0/8, several separated by ';'") is { } proxies
                ? [.. proxies.Split(';').Select(p => ReadNetwork(p)!.Value)] : [],
            CredentialVariables = ReadVariables(reader, errors),
            Oidc = ReadOidc(reader, errors),
            Jwt = ReadJwt(reader, errors),
        };
        if (options is { Oidc: not null, PublicUrl: null, IsPlainHttp: false })
            errors.Add("Oidc:Authority needs Control:PublicUrl: the provider sends people back to it");
        return options;
    }

    private static CredentialVariables ReadVariables(SettingReader reader, List<string> errors)
    {
        var lists = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (slug, text) in reader.Section(CredentialVariables.Setting))
        {
            string[] names = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            foreach (var name in names.Where(n => n != CredentialVariables.Any))
            {
                if (AccountRules.VariableComplaint(name) is { } wrong) errors.Add($"{CredentialVariables.Setting}{slug}: '{name}' {wrong}");
            }
            lists[slug] = names;
        }
        return new CredentialVariables(lists);
    }

    private static OidcOptions? ReadOidc(SettingReader reader, List<string> errors)
    {
        var authority = reader.Checked("Oidc:Authority", IsIssuerUrl, "https://host/path, or http:// on loopback");
        var (clientId, secret) = (reader.Text("Oidc:ClientId"), reader.Text("Oidc:ClientSecret"));
        var (name, scopes, groups) = (reader.Text("Oidc:Name"), reader.Text("Oidc:Scopes"), reader.Text("Oidc:GroupsClaim"));
        if (authority is null && clientId is null && secret is null) return null;
        if (authority is null || clientId is null || secret is null)
        {
            errors.Add("Oidc:Authority, Oidc:ClientId and Oidc:ClientSecret belong together: set all three or none");
            return null;
        }
        var read = new OidcOptions { Authority = new Uri(authority), ClientId = clientId, ClientSecret = secret };
        return read with
        {
            Name = name ?? read.Name,
            Scopes = scopes?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
            GroupsClaim = groups ?? read.GroupsClaim,
        };
    }

    private static JwtOptions? ReadJwt(SettingReader reader, List<string> errors)
    {
        var (issuer, audience) = (reader.Text("Jwt:Issuer"), reader.Text("Jwt:Audience"));
        var (secret, keys) = reader.OneOf("Jwt:Secret", "Jwt:JwksUrl");
        if (issuer is null && audience is null && secret is null && keys is null) return null;
        if (issuer is null || audience is null || (secret is null && keys is null))
        {
            errors.Add("Jwt:Issuer, Jwt:Audience and one of Jwt:Secret and Jwt:JwksUrl belong together: set all three or none");
            return null;
        }
        if (secret is { Length: < ShortestSecret }) errors.Add($"Jwt:Secret is too short: HS256 needs at least {ShortestSecret} characters");
        if (keys is not null && !IsIssuerUrl(keys)) errors.Add($"Jwt:JwksUrl is '{keys}': allowed is https://host/path, or http:// on loopback");
        return new JwtOptions { Issuer = issuer, Audience = audience, Secret = secret, JwksUrl = keys is not null && IsIssuerUrl(keys) ? new Uri(keys) : null };
    }

    private static bool IsPublicUrl(string text) => IsIssuerUrl(text) && new Uri(text).AbsolutePath == "/";

    private static bool IsIssuerUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Host.Length > 0 && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    // "*" and "+" stand for every address.
    private static bool AreLoopback(string urls) => urls.Split(';').All(u => Uri.TryCreate(u, UriKind.Absolute, out var uri) && uri.IsLoopback);

    private static bool AreNetworks(string text) => text.Split(';').All(part => ReadNetwork(part) is not null);

    private static IPNetwork? ReadNetwork(string text)
    {
        text = text.Trim();
        if (IPNetwork.TryParse(text, out var network)) return network;
        return IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;
    }
}
