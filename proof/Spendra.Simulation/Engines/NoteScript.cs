using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Engines;

/// <summary>
/// Draws refusals, and what rides along with batches: tools that were taken out, objects at providers and their ends, heartbeats. Few names, so that
/// the same one is written again and again.
/// </summary>
internal sealed class NoteScript(GovernanceRows rules, SimRandom random)
{
    public LaneNotes Draw(long now)
    {
        var notes = new LaneNotes();
        if (random.Chance(150)) notes.StrippedTools.Add(DrawStripped());
        if (random.Chance(200)) notes.Objects.Add(DrawObject(now));
        if (random.Chance(100)) notes.Deletions.Add(new ObjectDeletion(rules.OrganizationId, DrawObjectId(), now));
        if (random.Chance(300)) notes.Heartbeats.Add(new Heartbeat(SimIds.Of(700 + random.Below(3)), now - 5, now));
        return notes;
    }

    /// <summary>A refusal to keep, at times.</summary>
    public RefuseCommand? DrawRefusal(long now) => random.Chance(250) ? new RefuseCommand(DrawRecord(now)) : null;

    private RefusalRecord DrawRecord(long now)
    {
        var policy = random.Pick([.. rules.Policies.Values.OrderBy(p => p.PolicyId)]);
        var budget = rules.Budgets[policy.BudgetId!.Value];
        var refusal = random.Chance(500)
            ? new Refusal(RefusalCode.BudgetHeld, "What remains is held.")
            {
                PolicyId = policy.PolicyId,
                PolicySlug = policy.Slug,
                Window = new RefusedWindow(budget.BudgetId, budget.Slug, budget.Amount, new NanoUsd(random.Below(99)),
                    new NanoUsd(random.Below(99)), new NanoUsd(7), now - 100, now + 100),
            }
            : new Refusal(RefusalCode.IdempotencyInProgress, "It is still running.");
        return new RefusalRecord
        {
            OrganizationId = rules.OrganizationId,
            RequestId = SimIds.Of(800 + random.Below(40)),
            KeyId = random.Pick([.. rules.Keys.Keys.Order()]),
            RefusedAt = now,
            Route = "chat.completions",
            Provider = random.Chance(800) ? "openai" : null,
            Model = random.Chance(500) ? "m-plain" : null,
            ScopeIds = random.Chance(800) ? [rules.OrganizationId] : [],
            Environment = random.Chance(300) ? "production" : null,
            Refusal = refusal,
        };
    }

    private StrippedToolRecord DrawStripped() => new(
        rules.OrganizationId, SimIds.Of(800 + random.Below(40)), $"tool-{random.Below(3)}", random.Pick([.. rules.Policies.Keys.Order()]));

    private ProviderObject DrawObject(long now)
    {
        var isFile = random.Chance(500);
        return new ProviderObject
        {
            OrganizationId = rules.OrganizationId,
            ObjectId = DrawObjectId(),
            Kind = isFile ? ObjectKind.File : ObjectKind.Response,
            AccountId = rules.Accounts.Keys.Single(),
            KeyId = random.Pick([.. rules.Keys.Keys.Order()]),
            ReservationId = SimIds.Of(900 + random.Below(40)),
            CreatedAt = now,
            Bytes = isFile ? random.Below(1_000) : null,
            FileName = isFile ? "a.jsonl" : null,
            Purpose = isFile ? "batch" : null,
        };
    }

    private string DrawObjectId() => $"object-{random.Below(25)}";
}
