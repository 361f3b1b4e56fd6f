using System.Numerics;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;
using Spendra.Model;

namespace Spendra.Simulation.World;

/// <summary>
/// Follows every commit: plays its commands through the model, in the order in which they were committed, and holds
/// what the tables then say against what the model says. Also holds each admission against the rules under which it
/// was made.
/// </summary>
internal sealed class LedgerWatch(SimWorldParts world, IReadOnlyList<SimKey> keys)
{
    private readonly Dictionary<Guid, LedgerModel> _models = [];
    private readonly Dictionary<(Guid OrganizationId, long Epoch), GovernanceRows> _rules = [];
    private readonly Dictionary<Guid, SimKey> _keys = keys.ToDictionary(k => k.KeyId);

    /// <summary>Promises that were broken, in words.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>What the model said last of each reservation that was asked for.</summary>
    public Dictionary<Guid, string> Outcomes { get; } = [];

    /// <summary>When each change of rules was committed, in the world's time.</summary>
    public List<(long At, GovernanceRows Rows)> Changes { get; } = [];

    /// <summary>When each reservation was admitted and when it first ended, in the world's time.</summary>
    public Dictionary<Guid, LedgerLife> Lives { get; } = [];

    public long Commands { get; private set; }

    public LedgerModel ModelOf(Guid organizationId) => _models[organizationId];

    /// <summary>An organization begins.</summary>
    public void Found(GovernanceRows rows)
    {
        world.Store.Rules[rows.OrganizationId] = rows;
        world.Store.Tables.Organizations[rows.OrganizationId] = new OrganizationRow(rows.OrganizationId, rows.Epoch, 0, 0);
        foreach (var key in rows.Keys.Keys) world.Store.KeyDirectory[key] = rows.OrganizationId;
        _models[rows.OrganizationId] = new LedgerModel();
        world.Store.Committed = commands => Guarded(() => OnCommitted(commands));
        world.Store.RulesChanged = (changed, now) => Guarded(() => OnRulesChanged(changed, now));
        world.Store.Rejected = broken => Violations.Add($"the store cannot take what was decided: {broken}");
        OnRulesChanged(rows, 0);
    }

    // Whoever judges stands beside the world: an error of his is told as what it is and is no fault of the database.
    private void Guarded(Action watch)
    {
        try
        {
            watch();
        }
        catch (Exception e)
        {
            Violations.Add($"what was committed cannot be followed: {e}");
        }
    }

    private void OnRulesChanged(GovernanceRows rows, long nowMicros)
    {
        _rules[(rows.OrganizationId, rows.Epoch)] = rows;
        Changes.Add((world.Loop.Now, rows));
        _models[rows.OrganizationId].ChangeRules(
            rows.Epoch, rows.Budgets.ToDictionary(b => b.Key, b => b.Value.Amount.Value), Store.SimStore.HardCapped(rows), nowMicros);
        world.Trace.Add("rules", rows.OrganizationId, $"epoch {rows.Epoch}");
        CheckWindows(rows.OrganizationId, _models[rows.OrganizationId].Windows.Keys);
    }

    /// <summary>Endings first, then reservations, each in order of arrival: that is the contract of a batch.</summary>
    private void OnCommitted(IReadOnlyList<LedgerCommand> commands)
    {
        foreach (var command in commands.OrderBy(c => c.Reserves)) Play(command);
        foreach (var organization in commands.GroupBy(c => c.OrganizationId))
        {
            foreach (var command in organization) CheckReservation(command);
            CheckWindows(organization.Key, organization.SelectMany(c => c.WindowIds).Distinct());
        }
    }

    private void Play(LedgerCommand command)
    {
        Commands++;
        var isNew = !_models[command.OrganizationId].Reservations.ContainsKey(command.ReservationId);
        var outcome = _models[command.OrganizationId].Play(command);
        world.Trace.Add(command.GetType().Name, command.ReservationId, outcome);
        NoteLife(command);
        if (command is not ReserveCommand reserve) return;
        Outcomes[command.ReservationId] = outcome;
        if (isNew && outcome == "Admitted") CheckAdmission(reserve);
    }

    private void NoteLife(LedgerCommand command)
    {
        if (_models[command.OrganizationId].Reservations.GetValueOrDefault(command.ReservationId) is not { } held) return;
        var life = Lives.GetValueOrDefault(command.ReservationId, new LedgerLife(world.Loop.Now, long.MaxValue));
        Lives[command.ReservationId] = held.IsOpen ? life : life with { EndedAt = Math.Min(life.EndedAt, world.Loop.Now) };
    }

    /// <summary>What was admitted was allowed, bounded and capped as the rules of its epoch say.</summary>
    private void CheckAdmission(ReserveCommand command)
    {
        var reservation = command.Reservation;
        var rules = _rules[(reservation.OrganizationId, reservation.Epoch)];
        var key = rules.Keys[reservation.KeyId];
        if (key.RevokedAt is not null) Violations.Add($"{command.ReservationId} was admitted for a key that is revoked");
        // What costs nothing holds nothing.
        if (reservation.PriceId is null)
        {
            if (command.Claims.Length > 0 || reservation.Amount.Value != 0) Violations.Add($"{command.ReservationId} holds money without a price");
            return;
        }
        CheckPrice(command, rules);
        Guid[] hard = [.. command.Claims.Where(c => c.Enforcement == Enforcement.Hard).Select(c => c.Window.Budget.BudgetId)];
        if (!_keys[reservation.KeyId].HardBudgets.ToHashSet().SetEquals(hard))
            Violations.Add($"{command.ReservationId} does not hold money under every hard cap of its key");
    }

    private void CheckPrice(ReserveCommand command, GovernanceRows rules)
    {
        var reservation = command.Reservation;
        var price = rules.Prices.Values
            .Where(p => p.Model == reservation.Model && p.EffectiveFrom <= reservation.ReservedAt)
            .OrderByDescending(p => p.EffectiveFrom).ThenByDescending(p => p.PriceId).First();
        if (price.PriceId != reservation.PriceId) Violations.Add($"{command.ReservationId} is not bounded at the price in force");
    }

    private void CheckReservation(LedgerCommand command)
    {
        var key = new RowKey(command.OrganizationId, command.ReservationId);
        var tables = world.Store.Tables;
        var expected = _models[command.OrganizationId].Reservations.GetValueOrDefault(command.ReservationId);
        var spent = tables.FindSpent(key);
        var isOpen = tables.Open.ContainsKey(key);
        var isReleased = tables.Released.ContainsKey(key);
        var found = $"open {isOpen}, released {isReleased}, spent {spent?.TotalCost.Value} in {spent?.LastEventNumber + 1} events";
        var wanted = expected is null
            ? "open False, released False, spent  in  events"
            : $"open {expected.IsOpen}, released {!expected.IsOpen && expected.Events.Count == 0}, spent {(expected.Events.Count > 0 ? expected.Total : null)} in {(expected.Events.Count > 0 ? expected.Events.Count : null)} events";
        if (found != wanted) Violations.Add($"after {command.GetType().Name} {command.ReservationId} is {found}; the model says {wanted}");
    }

    private void CheckWindows(Guid organizationId, IEnumerable<Guid> windowIds)
    {
        var model = _models[organizationId];
        foreach (var id in windowIds)
        {
            var stored = world.Store.Tables.Windows.GetValueOrDefault(new RowKey(organizationId, id));
            var found = (stored?.Reserved.Value ?? 0, stored?.Settled.Value ?? 0, stored?.Limit.Value ?? 0);
            var wanted = (model.Reserved(id), model.Settled(id), model.Windows.GetValueOrDefault(id)?.Limit ?? 0);
            if (found != wanted) Violations.Add($"window {id} has (reserved, settled, limit) {found}; the model says {wanted}");
        }
        foreach (var window in model.Overspent()) Violations.Add($"window {window.WindowId} stands above its limit and nothing explains it");
    }

    /// <summary>The price of a usage, in whole nano-USD, half to even: worked out apart from the code under test.</summary>
    public static long CostOf(PriceVersion price, long input, long cached, long output)
    {
        var sum = new BigInteger(price.Rates.Input.NanosPerMillion) * (input - cached)
            + new BigInteger(price.Rates.CachedInput.NanosPerMillion) * cached
            + new BigInteger(price.Rates.Output.NanosPerMillion) * output;
        var whole = BigInteger.DivRem(sum, 1_000_000, out var rest);
        if (rest > 500_000 || (rest == 500_000 && !whole.IsEven)) whole++;
        return (long)whole;
    }

    /// <summary>The same, rounded up: what a bound must at least be.</summary>
    public static long BoundOf(PriceVersion price, long input, long output)
    {
        var dearest = Math.Max(price.Rates.Input.NanosPerMillion, Math.Max(price.Rates.CachedInput.NanosPerMillion, price.Rates.CacheWrite.NanosPerMillion));
        var sum = new BigInteger(dearest) * input + new BigInteger(price.Rates.Output.NanosPerMillion) * output;
        return (long)((sum + 999_999) / 1_000_000);
    }

    public PriceVersion PriceOf(Guid organizationId, Guid priceId) => world.Store.Rules[organizationId].Prices[priceId];
}
