using Spendra.Control.Dashboard;
using Spendra.Core.Governance;

namespace Spendra.Control.Providers;

/// <summary>What may be set about a provider account, as it is typed.</summary>
public sealed class AccountForm
{
    private const int WholePercent = 100;

    public string Provider { get; set; } = KnownProvider.OpenAi;
    public string BaseUrl { get; set; } = "";
    public int RatePercent { get; set; } = WholePercent;

    /// <summary>Azure: a line each, <c>deployment model</c>.</summary>
    public string Deployments { get; set; } = "";

    /// <summary>Ids parted by spaces.</summary>
    public string VectorStores { get; set; } = "";

    public bool CountsTokens { get; set; } = true;

    /// <summary>Where the provider is reached when no address is typed; null where every customer has another.</summary>
    public string? PublicUrl => KnownProvider.Find(Provider)?.BaseUrl;

    public bool HasDeployments => Provider == KnownProvider.Azure;

    public bool HasVectorStores => Provider is KnownProvider.OpenAi or KnownProvider.Azure;

    internal static AccountForm Of(AccountView account) => new()
    {
        Provider = account.Provider, BaseUrl = account.BaseUrl, RatePercent = account.RatePercent, CountsTokens = account.CountsTokens,
        Deployments = string.Join('\n', account.Deployments.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key} {d.Value}")), VectorStores = string.Join(' ', account.VectorStores),
    };

    /// <summary>The models behind the deployments, or which line cannot be read.</summary>
    public (IReadOnlyDictionary<string, string>? Deployments, PageProblem? Problem) ReadDeployments()
    {
        if (!HasDeployments) return (null, null);
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Deployments.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var name, var model] || !found.TryAdd(name, model))
                return (null, new PageProblem(400, "A line cannot be read.", "Write a line for each deployment: its name, a space, and the exact id of the model behind it.", null)
                {
                    Errors = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["deployments"] = [$"has the line '{line}'."] },
                });
        }
        return (found.Count == 0 ? null : found, null);
    }

    public IReadOnlyList<string>? ReadVectorStores() =>
        HasVectorStores && VectorStores.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } stores ? stores : null;
}
