using System.Buffers;
using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;

namespace Spendra.Control.Declarations;

internal static class AccountParser
{
    // A service account's key file, which is a secret too, has some 2,400 characters.
    private const int LongestSecret = 8192;
    private const int LongestModel = 200;
    private const int MaxRatePercent = 1_000;

    private static readonly string[] Fields = ["slug", "provider", "baseUrl", "credential", "deployments", "ratePercent", "vectorStores", "countsTokens", .. ToolParser.Fields];
    private static readonly SearchValues<char> VariableChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    public static AccountItem Parse(MapNode node, ErrorList errors)
    {
        var fields = new FieldReader(node, "provider account", Fields, errors);
        var slug = fields.Slug();
        var name = fields.RequiredText("provider", KnownProvider.OpenAi) ?? KnownProvider.OpenAi;
        if (KnownProvider.Find(name) is not { } provider)
        {
            fields.Complain("provider", $"provider '{FieldReader.Short(name)}' is not supported: expected one of {string.Join(", ", KnownProvider.All.Select(p => p.Name))}");
            provider = KnownProvider.All[0];
        }
        var item = new AccountItem(fields.Line, slug, provider.Name, BaseUrl(fields, provider))
        {
            Settings = Settings(fields, provider, errors),
            ToolPrices = ToolParser.Prices(fields, provider, errors),
            HasNoCredential = provider.Name == KnownProvider.Mcp && !fields.Has("credential"),
        };
        if (item.HasNoCredential) return item;
        if (!fields.Has("credential")) fields.Missing("credential", "env: <variable name> or value: <secret>");
        return fields.Map("credential") is { } credential
            ? WithCredential(item, new FieldReader(credential, "credential", ["env", "value"], errors))
            : item;
    }

    private static AccountSettings Settings(FieldReader fields, KnownProvider provider, ErrorList errors)
    {
        var settings = new AccountSettings
        {
            RatePercent = (int)(fields.Whole("ratePercent", 1, MaxRatePercent) ?? Cost.DefaultTierPercent),
            TrustsCost = ToolParser.TrustsCost(fields, provider),
            VectorStores = VectorStores(fields, provider),
            CountsTokens = CountsTokens(fields),
        };
        if (fields.Map("deployments") is not { } node) return settings;
        if (provider.Name != KnownProvider.Azure)
        {
            fields.Complain("deployments", $"'deployments' is for {KnownProvider.Azure}: expected none here");
            return settings;
        }
        var names = node.Entries.Select(e => e.Name).ToArray();
        var deployments = new FieldReader(node, "deployments", names, errors);
        return settings with
        {
            Deployments = names.Select(name => (Name: name, Model: deployments.Text(name, LongestModel)))
                .Where(d => d.Model is not null)
                .ToImmutableSortedDictionary(d => d.Name, d => d.Model!, StringComparer.Ordinal),
        };
    }

    private static ImmutableSortedSet<string> VectorStores(FieldReader fields, KnownProvider provider)
    {
        var stores = fields.Names("vectorStores");
        if (stores.IsUnrestricted) return AccountSettings.NoStores;
        if (provider.Name is not (KnownProvider.OpenAi or KnownProvider.Azure))
            fields.Complain("vectorStores", $"'vectorStores' is for {KnownProvider.OpenAi} and {KnownProvider.Azure}: expected none here");
        if (stores.Names.Contains(NameSet.Any))
            fields.Complain("vectorStores", "'*' is no vector store: expected the ids of those that are this organization's");
        return stores.Names.ToImmutableSortedSet(StringComparer.Ordinal);
    }

    private static bool CountsTokens(FieldReader fields)
    {
        if (fields.Text("countsTokens") is not { } text) return true;
        if (text is not ("true" or "false")) fields.Complain("countsTokens", $"'countsTokens' is '{FieldReader.Short(text)}': expected true or false");
        return text != "false";
    }

    private static string BaseUrl(FieldReader fields, KnownProvider provider)
    {
        const string invalid = "https://invalid.invalid";
        if (fields.Text("baseUrl", longest: 2000) is not { } text)
        {
            if (provider.BaseUrl is null) fields.Missing("baseUrl", provider.Name == KnownProvider.Mcp ? "the address of the server's endpoint" : $"the address of your own {provider.Name} resource");
            return provider.BaseUrl ?? invalid;
        }
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            fields.Complain("baseUrl", $"'baseUrl' is '{FieldReader.Short(text)}': expected an absolute http or https address");
            return invalid;
        }
        if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0 || text.Contains('?') || text.Contains('#'))
        {
            // Not quoted: user info may be a password.
            fields.Complain("baseUrl", "'baseUrl' has user info, a query or a fragment: expected only scheme, host, port and path");
            return invalid;
        }
        var path = url.AbsolutePath.TrimEnd('/');
        return url.GetLeftPart(UriPartial.Authority) + (path.Length == 0 ? provider.RootPath : path);
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
        // A credential that is a JSON document is not sent as it is: a token is had with it.
        if (!secret.StartsWith('{') && secret.Any(c => c is <= ' ' or > '~')) fields.Complain("value", "'value' holds characters that a header cannot carry: expected visible ASCII");
        return item with { CredentialValue = secret };
    }
}
