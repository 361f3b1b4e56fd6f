using System.Text;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Checks what every reservation says of itself, once each: it holds the bound of its units at a price that was in
/// force, and everything that it names exists. Its windows are the matter of <see cref="WindowCheck"/>.
/// </summary>
internal sealed class ReservationCheck(VerifiedOrganization organization, VerificationReport report)
{
    private const int IdBytes = 16;

    private readonly Dictionary<Guid, PinnedPrice> _prices =
        organization.Prices.ToDictionary(p => p.Key, p => new PinnedPrice(p.Value));
    private readonly HashSet<Guid> _policies = [.. organization.Policies.Keys];
    private long _reservations;
    private long _priced;

    /// <param name="row">Open, first event or released.</param>
    /// <param name="tierPercent">The tier of the bound; null when only the tier that was charged is known.</param>
    public void Check(in ReservationRow row, int? tierPercent)
    {
        _reservations++;
        CheckNames(row);
        if (row.Epoch > organization.Row.Epoch)
            Report(Invariant.ReservationEpoch, row, $"at most {organization.Row.Epoch}, the organization's", $"{row.Epoch}");
        if (row.PriceId is not { } priceId)
        {
            if (row.Amount != NanoUsd.Zero) Report(Invariant.ReservationBound, row, "0 without a price", $"{row.Amount} USD");
            return;
        }
        _priced++;
        if (!_prices.TryGetValue(priceId, out var pinned))
        {
            Report(Invariant.ReservationPrice, row, $"price version {priceId}", "no such price version");
            return;
        }
        CheckPrice(row, pinned);
        CheckBound(row, pinned.Price, tierPercent);
    }

    public void Complete()
    {
        report.Count(Invariant.ReservationNames, _reservations);
        report.Count(Invariant.ReservationEpoch, _reservations);
        report.Count(Invariant.ReservationBound, _reservations);
        report.Count(Invariant.ReservationPrice, _priced);
    }

    private void CheckNames(in ReservationRow row)
    {
        if (!organization.Keys.Contains(row.KeyId)) Report(Invariant.ReservationNames, row, $"key {row.KeyId}", "no such key");
        if (!organization.Accounts.Contains(row.AccountId))
            Report(Invariant.ReservationNames, row, $"provider account {row.AccountId}", "no such account");
        if (!AreAll(organization.Scopes, row.ScopeIds)) Report(Invariant.ReservationNames, row, "scopes that exist", Convert.ToHexStringLower(row.ScopeIds));
        if (!AreAll(_policies, row.PolicyIds)) Report(Invariant.ReservationNames, row, "policies that exist", Convert.ToHexStringLower(row.PolicyIds));
    }

    private static bool AreAll(IReadOnlySet<Guid> known, ReadOnlySpan<byte> ids)
    {
        for (var i = 0; i < ids.Length; i += IdBytes)
        {
            if (ids.Length - i < IdBytes || !known.Contains(new Guid(ids.Slice(i, IdBytes), bigEndian: true))) return false;
        }
        return true;
    }

    private void CheckPrice(in ReservationRow row, PinnedPrice pinned)
    {
        var price = pinned.Price;
        if ((!row.Model.SequenceEqual(pinned.Model) || !row.Provider.SequenceEqual(pinned.Provider))
            && !ToolPrice.IsFor(price, Encoding.UTF8.GetString(row.Provider), Encoding.UTF8.GetString(row.Model)))
        {
            Report(Invariant.ReservationPrice, row, $"a price of {Encoding.UTF8.GetString(row.Provider)} {Encoding.UTF8.GetString(row.Model)}",
                $"{price.PriceId}, of {price.Provider} {price.Model}");
        }
        if (price.EffectiveFrom > row.ReservedAt || price.EffectiveTo <= row.ReservedAt)
        {
            Report(Invariant.ReservationPrice, row, $"a price in force at {row.ReservedAt}",
                $"{price.PriceId}, in force from {price.EffectiveFrom}{(price.EffectiveTo is { } end ? $" to {end}" : "")}");
        }
    }

    private void CheckBound(in ReservationRow row, PriceVersion price, int? tierPercent)
    {
        tierPercent = row.BoundTierPercent ?? tierPercent;
        try
        {
            var units = new UnitBound(row.BoundInput, row.BoundOutput) { Kinds = row.BoundKinds, Pieces = row.BoundPieces };
            if (row.BoundKinds.HasFlag(TokenKinds.ManyCalls))
            {
                if (BatchCost.MayBeBound(price, units, tierPercent ?? Cost.DefaultTierPercent, row.Amount)) return;
                Report(Invariant.ReservationBound, row, "a bound of the units between the rates of both context bands", $"{row.Amount} USD");
                return;
            }
            var expected = Cost.Bound(price, units, tierPercent ?? Cost.DefaultTierPercent);
            if (expected == row.Amount || (tierPercent is null && IsBoundOfSomeTier(price, units, row.Amount))) return;
            Report(Invariant.ReservationBound, row, expected is null ? "a rate for everything that is bounded" : $"{expected} USD", $"{row.Amount} USD");
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            Report(Invariant.ReservationBound, row, "plausible units", e.Message);
        }
    }

    // A settled event carries the tier that served, which may be another than the one that was bounded. A cheaper one
    // than the standard tier bounds nothing: the provider may serve the standard tier instead.
    private static bool IsBoundOfSomeTier(PriceVersion price, UnitBound units, NanoUsd amount)
    {
        foreach (var percent in price.TierPercents.Values)
        {
            if (Cost.Bound(price, units, Math.Max(percent, Cost.DefaultTierPercent)) == amount) return true;
        }
        return false;
    }

    private void Report(string invariant, in ReservationRow row, string expected, string found) =>
        report.Add(invariant, $"reservation {row.ReservationId}", expected, found);

    private sealed class PinnedPrice(PriceVersion price)
    {
        public PriceVersion Price { get; } = price;

        public byte[] Provider { get; } = Encoding.UTF8.GetBytes(price.Provider);

        public byte[] Model { get; } = Encoding.UTF8.GetBytes(price.Model);
    }
}
