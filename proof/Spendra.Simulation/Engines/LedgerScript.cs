using System.Security.Cryptography;
using System.Text;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Engines;

/// <summary>One step of a script: a batch of commands, or a change of a budget's amount.</summary>
internal abstract record ScriptStep(long Now)
{
    public sealed record Batch(IReadOnlyList<LedgerCommand> Commands, LaneNotes Notes, bool IsRepeated, long Now) : ScriptStep(Now);

    public sealed record SetAmount(Guid BudgetId, long AmountNanos, long Now) : ScriptStep(Now);
}

/// <summary>
/// Draws commands for the ledger of one organization from a seed: what a gateway would ask for, and what it would not.
/// Time passes between them, over the end of a day and of a month.
/// </summary>
internal sealed class LedgerScript(GovernanceRows rules, SimRandom random)
{
    private readonly SimIds _ids = new(random.Fork());
    private readonly NoteScript _notes = new(rules, random.Fork());
    private readonly List<ReserveCommand> _asked = [];
    private GovernanceRows _rules = rules;
    private long _epoch = rules.Epoch;
    private long _now = Storage.Micros.Of(SimClock.WorldBegins);

    public IReadOnlyList<ScriptStep> Draw(int steps)
    {
        var drawn = new List<ScriptStep>(steps);
        while (drawn.Count < steps)
        {
            _now += random.Between(1, 4_000_000);
            if (random.Chance(80)) drawn.Add(DrawAmount());
            else drawn.Add(DrawBatch());
        }
        return drawn;
    }

    /// <summary>The rules have changed: reservations from now on are made under the new epoch.</summary>
    public void Follow(GovernanceRows changed)
    {
        _rules = changed;
        _epoch = changed.Epoch;
    }

    /// <summary>A reservation at an instant, with an idempotency key at times.</summary>
    public ReserveCommand DrawReserve(long now)
    {
        var isStale = random.Chance(40);
        Policy[] all = [.. _rules.Policies.Values.OrderBy(p => p.PolicyId)];
        // Money is held somewhere: without a budget a gateway asks for nothing.
        var one = random.Pick(all);
        Policy[] policies = [.. all.Where(p => p == one || random.Chance(600))];
        var claims = policies.Select(p => new WindowClaim(
            _rules.Budgets[p.BudgetId!.Value].WindowAt(now)!, p.PolicyId, p.Slug,
            p.Kind == PolicyKind.HardCap ? Enforcement.Hard : Enforcement.Observed)).ToArray();
        var idempotency = random.Chance(300) ? Digest($"key {random.Below(12)}") : null;
        var price = _rules.Prices.Values.OrderBy(p => p.PriceId).First(p => p.Source == "simulation");
        var (input, output) = (random.Between(1, 200), random.Between(0, 80));
        var reservation = new Reservation
        {
            OrganizationId = _rules.OrganizationId,
            ReservationId = _ids.Next(DateTimeOffset.UnixEpoch.AddMicroseconds(now)),
            KeyId = random.Pick([.. _rules.Keys.Keys]),
            ScopeIds = [_rules.OrganizationId],
            PolicyIds = [.. policies.Select(p => p.PolicyId)],
            WindowIds = [.. claims.Select(c => c.WindowId)],
            Provider = "openai",
            AccountId = _rules.Accounts.Keys.Single(),
            Model = price.Model,
            Route = "chat.completions",
            PriceId = price.PriceId,
            Amount = Cost.Bound(price, new UnitBound(input, output))!.Value,
            BoundInput = input,
            BoundOutput = output,
            Epoch = isStale ? _epoch - 1 : _epoch,
            ReservedAt = now,
            ExpiresAt = now + 60_000_000,
            GatewayId = SimIds.Of(9),
            IdempotencyDigest = idempotency,
        };
        return new ReserveCommand(reservation, [.. claims])
        {
            Idempotency = idempotency is null ? null : new IdempotencyClaim(idempotency, Digest($"body {random.Below(2)}")),
        };
    }

    /// <summary>Ends a reservation, or tries to.</summary>
    public LedgerCommand DrawEnding(ReserveCommand held)
    {
        var (organization, id, windows) = (held.OrganizationId, held.ReservationId, held.WindowIds);
        return random.Below(10) switch
        {
            < 5 => new SettleCommand(organization, id, windows, DrawSettlement(held.Reservation)),
            < 7 => new ReleaseCommand(organization, id, windows, "not sent"),
            < 9 => new ExpireCommand(organization, id, windows),
            _ => new AdjustCommand(organization, id, windows, new NanoUsd(random.Between(-50_000, 50_000)), "the invoice says so"),
        };
    }

    /// <summary>
    /// Most batches are decided for the first time, by the load that lanes use nearly always. One that asks again for
    /// a reservation is one that is decided again, and looks for what has ended too.
    /// </summary>
    private ScriptStep.Batch DrawBatch()
    {
        var commands = DrawCommands(out var isAskedAgain);
        if (_notes.DrawRefusal(_now) is { } refusal) commands.Add(refusal);
        return new ScriptStep.Batch(commands, _notes.Draw(_now), isAskedAgain || random.Chance(250), _now);
    }

    private List<LedgerCommand> DrawCommands(out bool isAskedAgain)
    {
        isAskedAgain = false;
        var commands = new List<LedgerCommand>();
        for (var i = random.Below(8); i >= 0; i--)
        {
            if (_asked.Count > 0 && random.Chance(550))
            {
                // An adjustment is not safe to repeat without the number that it follows, so it stands alone.
                var ending = DrawEnding(random.Pick(_asked));
                if (ending is not AdjustCommand) commands.Add(ending);
                continue;
            }
            var reserve = random.Chance(50) && _asked.Count > 0 ? random.Pick(_asked) : DrawReserve(_now);
            if (commands.Exists(c => c.ReservationId == reserve.ReservationId)) continue;
            isAskedAgain |= _asked.Contains(reserve);
            _asked.Add(reserve);
            commands.Add(reserve);
        }
        return commands;
    }

    private ScriptStep.SetAmount DrawAmount()
    {
        var budget = random.Pick([.. _rules.Budgets.Values.OrderBy(b => b.BudgetId)]);
        var amount = random.Between(0, 3_000_000);
        Follow(_rules with
        {
            Epoch = _rules.Epoch + 1,
            Budgets = new Dictionary<Guid, Budget>(_rules.Budgets) { [budget.BudgetId] = budget with { Amount = new NanoUsd(amount) } },
        });
        return new ScriptStep.SetAmount(budget.BudgetId, amount, _now);
    }

    private Settlement DrawSettlement(Reservation reservation)
    {
        // One in eight uses more than was bounded.
        var factor = random.Chance(125) ? 3 : 1;
        var usage = new Usage
        {
            Input = random.Between(0, reservation.BoundInput * factor),
            CachedInput = random.Between(0, 9),
            Output = random.Between(0, reservation.BoundOutput * factor),
        };
        return new Settlement { Cost = Cost.Of(_rules.Prices[reservation.PriceId!.Value], usage), Usage = usage, UpstreamStatus = 200 };
    }

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
