using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

/// <summary>
/// The prices of a server's tools are rows of the price book, so that a call pins one and is settled and verified with
/// it. A tool that is no longer declared gets a version that has ended: the book is append-only.
/// </summary>
internal static class ToolPricePlanner
{
    private const string Source = "declared";

    public static void Plan(PlanDraft draft)
    {
        foreach (var item in draft.Declaration.Accounts ?? [])
        {
            if (item.Provider == KnownProvider.Mcp) PlanServer(draft, item);
        }
    }

    private static void PlanServer(PlanDraft draft, AccountItem item)
    {
        var stored = Latest(draft, item.Slug);
        foreach (var (tool, price) in item.ToolPrices)
        {
            var name = ToolName.Of(item.Slug, tool);
            var before = stored.GetValueOrDefault(name);
            Put(draft, name, before, Version(draft, name, ToolPrice.CardOf(price), before));
        }
        foreach (var (name, before) in stored.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            var tool = name[(item.Slug.Length + 1)..];
            if (item.ToolPrices.ContainsKey(tool) || before.EffectiveTo is not null) continue;
            Put(draft, name, before, Version(draft, name, before.Rates, before) with { EffectiveTo = draft.Inputs.NowMicros });
        }
    }

    private static Dictionary<string, PriceVersion> Latest(PlanDraft draft, string server) =>
        draft.State.Prices
            .Where(p => p.Provider == KnownProvider.Mcp && p.EffectiveFrom == 0 && ToolName.ServerOf(p.Model) == server)
            .GroupBy(p => p.Model)
            .ToDictionary(g => g.Key, g => g.OrderByDescending(p => p.RecordedAt).ThenByDescending(p => p.PriceId).First(), StringComparer.Ordinal);

    private static PriceVersion Version(PlanDraft draft, string name, RateCard card, PriceVersion? before) => new()
    {
        PriceId = draft.Inputs.NewId(),
        Provider = KnownProvider.Mcp,
        Model = name,
        Rates = card,
        EffectiveFrom = 0,
        // Of two versions for one instant the later one holds, whatever the clock did in between.
        RecordedAt = Math.Max(draft.Inputs.NowMicros, (before?.RecordedAt ?? 0) + 1),
        Source = Source,
    };

    private static void Put(PlanDraft draft, string name, PriceVersion? before, PriceVersion after) =>
        draft.Put("toolPrice", name, before is null ? null : Description.Of(before), isArchived: false,
            Description.Of(after), new GovernanceWrite.AddPrice(after));
}
