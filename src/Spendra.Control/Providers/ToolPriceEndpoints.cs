using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Providers;

/// <summary>
/// What calls of a server's tools cost: rows of the price book, and so set by whoever approves prices. A tool that is not named any
/// more gets a version that has ended; the book is append-only.
/// </summary>
internal static class ToolPriceEndpoints
{
    private static readonly ToolPricesBody Example = new()
    {
        Tools = new SortedDictionary<string, NanoUsd>(StringComparer.Ordinal) { ["web_search"] = new(10_000_000) }, DefaultToolUsd = NanoUsd.Zero,
    };

    public static void Map(IEndpointRouteBuilder servers)
    {
        servers.MapGet("/{slug}/tools", GetAsync).ForMembers("getMcpToolPrices", "Get the prices of a server's tools", Capability.PricesRead);
        servers.MapPut("/{slug}/tools", SetAsync).ForMembers("setMcpToolPrices", "Set the prices of a server's tools", Capability.PricesApprove, Example,
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<ToolPricesView>> GetAsync(string slug, Caller caller, Database database, CancellationToken cancel)
    {
        if (await AccountLists.FindAsync(database, caller.OrganizationId, isMcp: true, slug, cancel) is null) return Problem.NotFound;
        var (prices, version) = await PriceBookReader.ReadToolsAsync(database, caller.OrganizationId, slug, cancel);
        return Outcome<ToolPricesView>.Done(View(InForce(prices, slug)), version);
    }

    private static async Task<Answer<ToolPricesView>> SetAsync(
        string slug, ToolPricesBody body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<ToolPricesView>(caller, StateParts.Accounts, async draft =>
        {
            if (draft.State.Accounts.FirstOrDefault(a => a.Account.Slug == slug && a.Account.Provider == KnownProvider.Mcp) is not { } server) return Problem.NotFound;
            var (stored, version) = await PriceBookReader.ReadToolsAsync(draft.Transaction, slug, cancel);
            draft.About(new GovernanceWrite.AddPrice(Version(draft, ToolName.Of(slug, NameSet.Any), null, ToolPrice.CardOf(NanoUsd.Zero), null)));
            if (server.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
            if (match.Check(version) is { } stale) return stale;
            var (wanted, wrong) = Read(body);
            if (wrong is not null) return wrong;
            var before = InForce(stored, slug);
            foreach (var (tool, price) in wanted!)
            {
                if (before.TryGetValue(tool, out var known) && known.Price == price) continue;
                Add(draft, ToolName.Of(slug, tool), stored, ToolPrice.CardOf(price), null);
            }
            foreach (var (tool, known) in before.Where(b => !wanted.ContainsKey(b.Key)))
                Add(draft, ToolName.Of(slug, tool), stored, known.Version.Rates, draft.NowMicros);
            return Outcome<ToolPricesView>.Done(View(wanted), draft.Changes.Count > 0 ? draft.NextVersion : version);
        }, cancel);

    private static (SortedDictionary<string, NanoUsd>?, Problem?) Read(ToolPricesBody body)
    {
        var wanted = new SortedDictionary<string, NanoUsd>(StringComparer.Ordinal);
        foreach (var (tool, price) in body.Tools)
        {
            if (tool == NameSet.Any) return (null, Problem.Field("tools", "has '*': give the price of all others as 'defaultToolUsd'"));
            if (!PlainText.Matches(tool, ToolName.MaxLength)) return (null, Problem.Field("tools", $"has a name that is not 1 to {ToolName.MaxLength} characters of plain text"));
            wanted[tool] = price;
        }
        if (body.DefaultToolUsd is { } others) wanted[NameSet.Any] = others;
        return wanted.Values.Any(p => p > NanoUsd.FromUsd(ToolPrice.MaxUsd))
            ? (null, Problem.Field("tools", $"has a price above {ToolPrice.MaxUsd} USD per call"))
            : (wanted, null);
    }

    private static void Add(Draft draft, string name, IReadOnlyList<PriceVersion> stored, RateCard card, long? effectiveTo)
    {
        var before = Latest(stored, name);
        var after = Version(draft, name, before, card, effectiveTo);
        draft.Change(new GovernanceWrite.AddPrice(after), before is null ? "create" : "update", "toolPrice", name,
            before is null ? null : Description.Of(before), Description.Of(after));
    }

    private static PriceVersion Version(Draft draft, string name, PriceVersion? before, RateCard card, long? effectiveTo) => new()
    {
        PriceId = Guid.CreateVersion7(),
        Provider = KnownProvider.Mcp,
        Model = name,
        Rates = card,
        EffectiveFrom = 0,
        EffectiveTo = effectiveTo,
        // Of two versions for one instant the later one holds, whatever the clock did in between.
        RecordedAt = Math.Max(draft.NowMicros, (before?.RecordedAt ?? 0) + 1),
        Source = PriceVersion.DeclaredSource,
    };

    private static PriceVersion? Latest(IEnumerable<PriceVersion> stored, string name) =>
        stored.Where(p => p.Model == name && p.EffectiveFrom == 0).OrderByDescending(p => p.RecordedAt).ThenByDescending(p => p.PriceId).FirstOrDefault();

    private static SortedDictionary<string, (NanoUsd Price, PriceVersion Version)> InForce(IReadOnlyList<PriceVersion> stored, string server)
    {
        var found = new SortedDictionary<string, (NanoUsd, PriceVersion)>(StringComparer.Ordinal);
        foreach (var name in stored.Select(p => p.Model).Distinct())
        {
            if (Latest(stored, name) is { EffectiveTo: null } version)
                found[name[(server.Length + 1)..]] = (Cost.Of(version, ToolPrice.OneCall, Cost.DefaultTierPercent), version);
        }
        return found;
    }

    private static ToolPricesView View(SortedDictionary<string, (NanoUsd Price, PriceVersion Version)> prices) =>
        View(new SortedDictionary<string, NanoUsd>(prices.ToDictionary(p => p.Key, p => p.Value.Price), StringComparer.Ordinal));

    private static ToolPricesView View(SortedDictionary<string, NanoUsd> prices) => new(
        new SortedDictionary<string, NanoUsd>(prices.Where(p => p.Key != NameSet.Any).ToDictionary(p => p.Key, p => p.Value), StringComparer.Ordinal),
        prices.TryGetValue(NameSet.Any, out var others) ? others : null);
}
