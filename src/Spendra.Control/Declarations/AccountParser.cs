using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;

namespace Spendra.Control.Declarations;

internal static class AccountParser
{
    private static readonly string[] Fields = ["slug", "provider", "baseUrl", "credential", "deployments", "ratePercent", "vectorStores", "countsTokens", .. ToolParser.Fields];
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
            RatePercent = (int)(fields.Whole("ratePercent", 1, AccountRules.MaxRatePercent) ?? Cost.DefaultTierPercent),
            TrustsCost = ToolParser.TrustsCost(fields, provider),
            VectorStores = VectorStores(fields, provider),
            CountsTokens = CountsTokens(fields),
        };
        if (fields.Map("deployments") is not { } node) return settings;
        if (!AccountRules.HasDeployments(provider.Name))
        {
            fields.Complain("deployments", $"'deployments' is for {KnownProvider.Azure}: expected none here");
            return settings;
        }
        var names = node.Entries.Select(e => e.Name).ToArray();
        var deployments = new FieldReader(node, "deployments", names, errors);
        return settings with
        {
            Deployments = names.Select(name => (Name: name, Model: deployments.Text(name, AccountRules.LongestModel)))
                .Where(d => d.Model is not null)
                .ToImmutableSortedDictionary(d => d.Name, d => d.Model!, StringComparer.Ordinal),
        };
    }

    private static ImmutableSortedSet<string> VectorStores(FieldReader fields, KnownProvider provider)
    {
        var stores = fields.Names("vectorStores");
        if (stores.IsUnrestricted) return AccountSettings.NoStores;
        if (!AccountRules.HasVectorStores(provider.Name))
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
        if (fields.Text("baseUrl", AccountRules.LongestUrl) is not { } text)
        {
            if (provider.BaseUrl is null) fields.Missing("baseUrl", provider.Name == KnownProvider.Mcp ? "the address of the server's endpoint" : $"the address of your own {provider.Name} resource");
            return provider.BaseUrl ?? invalid;
        }
        var (url, complaint) = AccountRules.BaseUrl(text, FieldReader.Short(text), provider);
        if (complaint is not null) fields.Complain("baseUrl", $"'baseUrl' {complaint}");
        return url ?? invalid;
    }

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
            if (AccountRules.VariableComplaint(name) is { } wrong) fields.Complain("env", $"'env' {wrong}");
            return item with { CredentialEnv = name };
        }
        if (fields.Text("value", AccountRules.LongestSecret) is not { } secret) return item;
        if (AccountRules.SecretComplaint(secret) is { } unfit) fields.Complain("value", $"'value' {unfit}");
        return item with { CredentialValue = secret };
    }
}
