using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>
/// What is sealed of each row that the lane appends, as its columns will hold it. The order of the columns is that in which
/// <see cref="VerificationRows"/> reads them; all of a row is sealed, or can be told from what is.
/// </summary>
internal static class LedgerContents
{
    public static Seal Of(SpendEvent row, RowContent content)
    {
        var settlement = row.Settlement;
        var usage = settlement.Usage;
        return AddFacts(row.Reservation, content)
            .Add(settlement.TierPercent).Add(row.Reservation.ExpiresAt).Add(row.EventNumber).Add((long)row.Kind).Add(row.OccurredAt)
            .Add(settlement.Cost.Value)
            .Add(usage.Input).Add(usage.CachedInput).Add(usage.CacheWrite).Add(usage.Output).Add(usage.ReasoningWithinOutput)
            .Add(UnitsJson.WriteSettled(settlement)).Add(settlement.IsEstimated).Add(settlement.IsBilled).Add(row.EntrySequence)
            .Add(settlement.ServedPriceId).Add(ForeignText.Storable(settlement.ServedModel))
            .Add(ForeignText.Storable(settlement.ServedTier)).Add(ForeignText.Storable(settlement.UpstreamRequestId))
            .Add(settlement.UpstreamStatus).Add(row.Reason).Complete();
    }

    /// <summary>A row that no outbox row announces yet.</summary>
    public static Seal OfOpen(Reservation row, RowContent content) =>
        AddFacts(row, content).Add(row.TierPercent).Add(row.ExpiresAt).Add(row.GatewayId).Add(row.IdempotencyDigest).Complete();

    public static Seal OfRelease(Reservation reservation, string reason, long at, RowContent content) =>
        AddFacts(reservation, content).Add(at).Add(reason).Complete();

    public static Seal Of(AccountAdjustment row, RowContent content) =>
        content.Add(row.AdjustmentId).Add(row.AccountId).Add(row.Difference.Value).Add(row.Reason).Complete();

    public static Seal Of(RefusalRecord row, RowContent content)
    {
        var window = row.Refusal.Window;
        return content.Add(row.RequestId).Add(row.KeyId).Add(row.Refusal.CodeName).Add(row.Refusal.PolicyId).Add(window?.BudgetId)
            .Add(window?.Limit.Value).Add(window?.Settled.Value).Add(window?.Reserved.Value).Add(window?.Needed.Value)
            .Add(window?.StartsAt).Add(window?.EndsAt).Add(row.RefusedAt).Add(row.Route)
            .Add(ForeignText.Storable(row.Provider)).Add(ForeignText.Storable(row.Model)).Add(ForeignText.Storable(row.Refusal.Message))
            .Add(row.ScopeIds).Add(row.Environment).Complete();
    }

    private static RowContent AddFacts(Reservation row, RowContent content) => content
        .Add(row.ReservationId).Add(row.KeyId).Add(row.ScopeIds).Add(row.PolicyIds).Add(row.WindowIds).Add(row.Provider)
        .Add(row.AccountId).Add(row.Model).Add(row.PriceId).Add(row.BoundInput).Add(row.BoundOutput).Add(row.Epoch).Add(row.ReservedAt)
        .Add(UnitsJson.WriteBound(row)).Add(row.Amount.Value).Add(row.Route).Add(row.Environment);
}
