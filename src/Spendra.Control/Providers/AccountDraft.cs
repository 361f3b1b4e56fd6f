using System.Collections.Immutable;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Storage.Governance;

namespace Spendra.Control.Providers;

/// <summary>What bodies say about an account, made into one: pure.</summary>
internal static class AccountDraft
{
    /// <summary>The address, or what is wrong with it.</summary>
    public static (string? Url, Problem? Problem) BaseUrl(string? text, KnownProvider provider)
    {
        if (text is null)
            return provider.BaseUrl is { } known ? (known, null) : (null, Problem.Field("baseUrl", $"is missing: every account of {provider.Name} has an address of its own"));
        // Not quoted: somebody may have pasted the secret here.
        var (url, complaint) = AccountRules.BaseUrl(text, shown: null, provider);
        return complaint is null ? (url, null) : (null, Problem.Field("baseUrl", complaint));
    }

    public static (AccountSettings Settings, Problem? Problem) Settings(
        KnownProvider provider, IReadOnlyDictionary<string, string>? deployments, int? ratePercent, IReadOnlyList<string>? vectorStores, bool? countsTokens)
    {
        var settings = new AccountSettings { RatePercent = ratePercent ?? Cost.DefaultTierPercent, CountsTokens = countsTokens ?? true };
        if (deployments is { Count: > 0 })
        {
            if (!AccountRules.HasDeployments(provider.Name)) return (settings, Problem.Field("deployments", $"has a meaning for {KnownProvider.Azure} only"));
            foreach (var (name, model) in deployments)
            {
                if (!PlainText.Matches(name, AccountRules.LongestModel) || !PlainText.Matches(model ?? "", AccountRules.LongestModel))
                    return (settings, Problem.Field("deployments", $"has a name or a model that is not plain text of 1 to {AccountRules.LongestModel} characters"));
            }
            settings = settings with { Deployments = deployments.ToImmutableSortedDictionary(StringComparer.Ordinal) };
        }
        if (vectorStores is not { Count: > 0 }) return (settings, null);
        if (!AccountRules.HasVectorStores(provider.Name)) return (settings, Problem.Field("vectorStores", $"has a meaning for {KnownProvider.OpenAi} and {KnownProvider.Azure} only"));
        if (vectorStores.Contains(NameSet.Any)) return (settings, Problem.Field("vectorStores", "'*' is no vector store: expected the ids of those that are this organization's"));
        return (settings with { VectorStores = vectorStores.ToImmutableSortedSet(StringComparer.Ordinal) }, null);
    }

    public static Description Describe(ProviderAccount account, bool isReplaced = false) =>
        Description.Of(account, CredentialView.Of(account).Said + (isReplaced ? ", replaced" : ""));
}
