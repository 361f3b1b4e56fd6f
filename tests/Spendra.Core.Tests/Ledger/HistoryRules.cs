using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Ledger;

/// <summary>
/// The rules of a history: two keys, a price that changes, and three budgets, read as gateways read them, by a snapshot
/// that may be out of date. The model's name says which budgets a request is for.
/// </summary>
internal sealed class HistoryRules
{
    private const string Provider = "openai";
    private const int Masks = 8;
    private const long PerMillion = 1_000_000;

    private static readonly Guid[] KeyIds = [LedgerLane.Key, LedgerLane.Id(10)];

    private GovernanceSnapshot _current;
    private GovernanceSnapshot _former;
    private long _rate = PerMillion;
    private int _prices;

    private readonly HistoryProduct _product;

    public HistoryRules(HistoryProduct product)
    {
        _product = product;
        Scope[] scopes =
        [
            new(LedgerLane.Org, ScopeKind.Organization, "org", "Org", null),
            new(LedgerLane.Id(21), ScopeKind.Employee, "ada", "Ada", null),
            new(LedgerLane.Id(22), ScopeKind.Employee, "bob", "Bob", null),
        ];
        Budget[] budgets = [MakeBudget(0, 100, PeriodKind.Day), MakeBudget(1, 60, PeriodKind.Total), MakeBudget(2, 30, PeriodKind.Month)];
        var rows = new GovernanceRows
        {
            OrganizationId = LedgerLane.Org,
            Slug = "org",
            Epoch = 1,
            Scopes = scopes.ToDictionary(s => s.ScopeId),
            Budgets = budgets.ToDictionary(b => b.BudgetId),
            Policies = budgets.Select(MakeCap).ToDictionary(p => p.PolicyId),
            Keys = KeyIds.Select((id, i) => MakeKey(id, scopes[i + 1])).ToDictionary(k => k.KeyId),
            KeyDigests = new Dictionary<Guid, byte[]>(),
            Accounts = new Dictionary<Guid, ProviderAccount>(),
            Prices = MakePrices(0).ToDictionary(p => p.PriceId),
        };
        _current = _former = new GovernanceSnapshot(rows);
    }

    public long Epoch => _current.Epoch;

    /// <summary>By day and in total with a hard cap; by month only watched.</summary>
    public Budget[] Budgets => [.. _current.Rows.Budgets.Values.OrderBy(b => b.BudgetId)];

    public void SetCap(int number, long to) => Change(rows =>
    {
        var budget = Budgets[number] with { Amount = new NanoUsd(to) };
        return rows with { Budgets = new Dictionary<Guid, Budget>(rows.Budgets) { [budget.BudgetId] = budget } };
    });

    public void Revoke(int number, long now) => Change(rows =>
    {
        var key = rows.Keys[KeyIds[number]] with { RevokedAt = now };
        return rows with { Keys = new Dictionary<Guid, ScopedKey>(rows.Keys) { [key.KeyId] = key } };
    });

    /// <summary>A new version of every price, in half nano-USD per token.</summary>
    public void SetPrice(int halves, long now)
    {
        _rate = halves * PerMillion / 2;
        _prices++;
        Change(rows => rows with { Prices = rows.Prices.Values.Concat(MakePrices(now)).ToDictionary(p => p.PriceId) });
    }

    /// <summary>What a gateway asks of the ledger for a request, or null when it refuses by the rules that it knows.</summary>
    public ReserveCommand? Ask(HeldSpec spec, Guid id, bool isBehind, long now)
    {
        var snapshot = isBehind ? _former : _current;
        var key = snapshot.FindKey(KeyIds[spec.Who])!;
        if (key.RevokedAt is not null) return null;
        var standing = snapshot.StandingOf(key)!;
        var shape = new RequestShape { Provider = Provider, Model = ModelFor(spec.WindowMask) };
        var price = snapshot.Prices.Find(Provider, shape.Model, now)!;
        var bound = _product.Bound(price, new UnitBound(spec.Amount, 0));
        if (_product.Decide(snapshot, standing, shape, bound, now) is not Decision.Admit admit)
        {
            var isClosed = snapshot.Rows.Budgets.Values.Any(b => IsHard(b) && IsFor(b, spec.WindowMask) && b.Amount == NanoUsd.Zero);
            (isClosed || (spec.WindowMask & 3) == 0).Should().BeTrue("only a closed budget or the lack of a hard cap denies here");
            return null;
        }
        var digest = spec.Key == 0 ? null : LedgerLane.Digest(spec.Key);
        return new ReserveCommand(new Reservation
        {
            OrganizationId = LedgerLane.Org,
            ReservationId = id,
            KeyId = key.KeyId,
            ScopeIds = [.. standing.ScopeIds],
            PolicyIds = admit.PolicyIds,
            WindowIds = [.. admit.Claims.Select(c => c.WindowId)],
            Provider = Provider,
            AccountId = LedgerLane.Account,
            Model = shape.Model,
            Route = "chat.completions",
            PriceId = price.PriceId,
            Amount = bound,
            BoundInput = spec.Amount,
            Epoch = snapshot.Epoch,
            ReservedAt = now,
            ExpiresAt = now + 10_000,
            IdempotencyDigest = digest,
        }, admit.Claims)
        {
            Idempotency = digest is null ? null : new IdempotencyClaim(digest, LedgerLane.Digest(spec.Body)),
        };
    }

    /// <summary>The price of a usage at the version under which money was held, and not at the one that is in force now.</summary>
    public NanoUsd CostOf(Reservation held, long tokens)
    {
        var price = _current.Rows.Prices[held.PriceId!.Value];
        var cost = _product.CostOf(price, new Usage { Input = tokens });
        var halves = tokens * (price.Rates.Input.NanosPerMillion * 2 / PerMillion);
        // Half to even, told another way.
        var expected = halves % 2 == 0 ? halves / 2 : halves / 2 + (halves / 2 % 2);
        cost.Value.Should().Be(expected, "a cost is rounded half to even");
        return cost;
    }

    /// <summary>What was admitted was allowed by the rules that are in force, whatever the gateway had known.</summary>
    public void CheckAdmitted(ReserveCommand command, HeldSpec spec)
    {
        var reservation = command.Reservation;
        _current.FindKey(reservation.KeyId)!.RevokedAt.Should().BeNull("a revoked key is not admitted");
        reservation.Amount.Value.Should().Be((spec.Amount * _rate + PerMillion - 1) / PerMillion, "the bound is at the price in force");
        var hard = command.Claims.Where(c => c.Enforcement == Enforcement.Hard).Select(c => c.Window.Budget.BudgetId);
        var wanted = reservation.Amount == NanoUsd.Zero ? [] : Budgets.Where(b => IsHard(b) && IsFor(b, spec.WindowMask)).Select(b => b.BudgetId);
        hard.Should().BeEquivalentTo(wanted, "money is held under every hard cap");
    }

    private void Change(Func<GovernanceRows, GovernanceRows> change)
    {
        _former = _current;
        _current = new GovernanceSnapshot(change(_current.Rows) with { Epoch = Epoch + 1 });
    }

    private IEnumerable<PriceVersion> MakePrices(long now) => Enumerable.Range(0, Masks).Select(mask => new PriceVersion
    {
        PriceId = LedgerLane.Id(50_000 + _prices * Masks + mask),
        Provider = Provider,
        Model = ModelFor(mask),
        Rates = new RateCard(new Rate(_rate), new Rate(_rate), new Rate(_rate), new Rate(_rate)),
        EffectiveFrom = now,
        RecordedAt = now,
        Source = "history",
    });

    private static bool IsHard(Budget budget) => NumberOf(budget) < 2;

    private static bool IsFor(Budget budget, int mask) => (mask >> NumberOf(budget) & 1) == 1;

    private static int NumberOf(Budget budget) => Array.FindIndex([.. Enumerable.Range(0, 3)], n => BudgetId(n) == budget.BudgetId);

    private static Guid BudgetId(int number) => LedgerLane.Id(1_000 + number);

    private static string ModelFor(int mask) => $"model-{mask}";

    private static Policy MakeCap(Budget budget, int number) => new()
    {
        PolicyId = LedgerLane.Id(3_000 + number),
        Slug = $"policy-{number}",
        Kind = number < 2 ? PolicyKind.HardCap : PolicyKind.SoftCap,
        ScopeId = LedgerLane.Org,
        BudgetId = budget.BudgetId,
        Filter = new PolicyFilter { Models = new NameSet([.. Enumerable.Range(0, Masks).Where(m => IsFor(budget, m)).Select(ModelFor)]) },
    };

    private static ScopedKey MakeKey(Guid id, Scope actor) => new() { KeyId = id, Slug = actor.Slug, Mode = KeyMode.Live, ActorId = actor.ScopeId };

    private static Budget MakeBudget(int number, long amount, PeriodKind period) => new()
    {
        BudgetId = BudgetId(number),
        Slug = $"budget-{number}",
        ScopeId = LedgerLane.Org,
        Amount = new NanoUsd(amount),
        Period = Period.Of(period),
        Zone = TimeZoneInfo.Utc,
    };
}
