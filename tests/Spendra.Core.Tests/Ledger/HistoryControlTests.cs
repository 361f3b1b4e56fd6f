using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Ledger;

/// <summary>
/// The controls of the random histories: with something broken in the product's place, a history of which all that matters
/// is written out fails, by the assertion that is there for it.
/// </summary>
public sealed class HistoryControlTests
{
    private const long PerMillion = 1_000_000;

    // Reservation 1 is asked for by a snapshot that is one change behind, reservation 2 by the one that is in force.
    private static readonly HistoryBatch ReserveBehind = Batch(new Step(Verb.Reserve, 1, 0));
    private static readonly HistoryBatch Reserve = Batch(new Step(Verb.Reserve, 2, 0));
    private static readonly HistoryBatch Settle = Batch(new Step(Verb.Settle, 2, 1));

    private static readonly HistoryProduct Sound = new();

    /// <summary>The ledger does not look at the epoch under which a reservation was resolved.</summary>
    private static readonly HistoryProduct WithoutEpoch = Sound with
    {
        Loaded = static (state, commands) =>
        {
            foreach (var reserve in commands.OfType<ReserveCommand>())
                state.Organizations[reserve.OrganizationId] = state.Organizations[reserve.OrganizationId] with { Epoch = reserve.Reservation.Epoch };
        },
    };

    [Fact]
    public void A_sound_product_passes_every_history_of_the_controls() => Playing(Sound,
        Reserve with { Then = new Happening.SetPrice(1) }, ReserveBehind, Batch(new Step(Verb.Reserve, 6, 0)), Settle with { Then = new Happening.RevokeKey(0) },
        ReserveBehind).Should().NotThrow();

    [Fact]
    public void An_admission_under_a_key_that_was_revoked_meanwhile_is_noticed() =>
        ShouldFail("a revoked key is not admitted", WithoutEpoch, Reserve with { Then = new Happening.RevokeKey(0) }, ReserveBehind);

    [Fact]
    public void An_admission_at_a_price_that_was_replaced_meanwhile_is_noticed() =>
        ShouldFail("the bound is at the price in force", WithoutEpoch, Reserve with { Then = new Happening.SetPrice(4) }, ReserveBehind);

    [Fact]
    public void A_bound_that_is_rounded_down_is_noticed() => ShouldFail(
        "the bound is at the price in force",
        Sound with { Bound = static (price, units) => new NanoUsd(units.Input * price.Rates.Input.NanosPerMillion / PerMillion) },
        Settle with { Then = new Happening.SetPrice(1) }, Reserve);

    [Fact]
    public void A_cost_that_is_rounded_up_is_noticed() => ShouldFail(
        "a cost is rounded half to even",
        Sound with { CostOf = static (price, usage) => Cost.Bound(price, new UnitBound(usage.Input, 0))!.Value },
        Settle with { Then = new Happening.SetPrice(1) }, Reserve, Settle);

    [Fact]
    public void An_admission_that_holds_nothing_under_a_hard_cap_is_noticed() => ShouldFail(
        "money is held under every hard cap",
        Sound with
        {
            Decide = static (snapshot, standing, shape, bound, now) => Admission.Decide(snapshot, standing, shape, bound, now) is Decision.Admit admit
                ? admit with { Claims = [.. admit.Claims.Skip(1)] }
                : throw new InvalidOperationException("nothing denies here"),
        },
        Reserve);

    [Fact]
    public void A_denial_that_no_rule_asks_for_is_noticed() => ShouldFail(
        "only a closed budget or the lack of a hard cap denies here",
        Sound with { Decide = static (_, _, _, _, _) => new Decision.Deny(new Refusal(RefusalCode.BudgetExceeded, "planted")) },
        Reserve);

    private static void ShouldFail(string because, HistoryProduct product, params HistoryBatch[] batches) =>
        Playing(product, batches).Should().Throw<Exception>().Which.Message.Should().Contain(because);

    /// <summary>Every request has three tokens and is for the two budgets with hard caps, by the first key.</summary>
    private static Action Playing(HistoryProduct product, params HistoryBatch[] batches) => () =>
    {
        var specs = Enumerable.Repeat(new HeldSpec(3, 3, 0, 1, 0), HistoryPlayer.Reservations).ToArray();
        new HistoryPlayer(specs, product).Play(batches);
    };

    private static HistoryBatch Batch(params Step[] steps) => new(steps, IsRepeated: false, new Happening.Nothing());
}
