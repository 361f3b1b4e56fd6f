using System.Buffers;

namespace Spendra.Control.Declarations;

internal static class AccountParser
{
    private const string OpenAi = "openai";
    private const string OpenAiUrl = "https://api.openai.com/v1";
    private const string VersionPath = "/v1";
    private const int LongestSecret = 4096;

    private static readonly string[] Fields = ["slug", "provider", "baseUrl", "credential"];
    private static readonly SearchValues<char> VariableChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    public static AccountItem Parse(MapNode node, ErrorList errors)
    {
        var fields = new FieldReader(node, "provider account", Fields, errors);
        var slug = fields.Slug();
        var provider = fields.RequiredText("provider", OpenAi) ?? OpenAi;
        if (provider != OpenAi)
            fields.Complain("provider", $"provider '{FieldReader.Short(provider)}' is not supported: expected {OpenAi}");
        var item = new AccountItem(fields.Line, slug, OpenAi, BaseUrl(fields));
        if (!fields.Has("credential")) fields.Missing("credential", "env: <variable name> or value: <secret>");
        return fields.Map("credential") is { } credential
            ? WithCredential(item, new FieldReader(credential, "credential", ["env", "value"], errors))
            : item;
    }

    private static string BaseUrl(FieldReader fields)
    {
        if (fields.Text("baseUrl", longest: 2000) is not { } text) return OpenAiUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            fields.Complain("baseUrl", $"'baseUrl' is '{FieldReader.Short(text)}': expected an absolute http or https address");
            return OpenAiUrl;
        }
        if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0 || text.Contains('?') || text.Contains('#'))
        {
            // Not quoted: user info may be a password.
            fields.Complain("baseUrl", "'baseUrl' has user info, a query or a fragment: expected only scheme, host, port and path");
            return OpenAiUrl;
        }
        var path = url.AbsolutePath.TrimEnd('/');
        return url.GetLeftPart(UriPartial.Authority) + (path.Length == 0 ? VersionPath : path);
    }

    // The gateway's own secrets must not be sent to whatever address an account names.
    private const string OwnVariables = "SPENDRA__";

    private static AccountItem WithCredential(AccountItem item, FieldReader fields)
    {
        if (fields.Has("env") && fields.Has("value"))
        {
            fields.Complain("value", "'env' and 'value' both stand here: expected one of them");
            return item;
        }
        if (!fields.Has("env") && !fields.Has("value"))
        {
            fields.Missing("env", "env: <variable name> or value: <secret>");
            return item;
        }
        if (fields.Has("env"))
        {
            if (fields.Text("env") is not { } name) return item;
            if (name.AsSpan().ContainsAnyExcept(VariableChars) || char.IsAsciiDigit(name[0]))
                fields.Complain("env", "'env' is not a variable name: expected letters, digits and '_', such as OPENAI_API_KEY");
            if (name.StartsWith(OwnVariables, StringComparison.OrdinalIgnoreCase))
                fields.Complain("env", $"'env' names a setting of Spendra itself: expected the variable of the provider's key, not one that begins with {OwnVariables}");
            return item with { CredentialEnv = name };
        }
        if (fields.Text("value", LongestSecret) is not { } secret) return item;
        if (secret.Any(c => c is <= ' ' or > '~')) fields.Complain("value", "'value' holds characters that a header cannot carry: expected visible ASCII");
        return item with { CredentialValue = secret };
    }
}
