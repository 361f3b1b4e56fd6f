using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>Seals what a batch appends, before it is written. Used by one writer.</summary>
internal sealed class LedgerSeals
{
    private readonly RowContent _content = new();
    private readonly Dictionary<Guid, int> _organizations = [];

    /// <summary>
    /// Gives each outbox row its seal, in their order, and each organization, which comes with the seal that was loaded, that of
    /// its last one; reservations that are opened get one of their own. Rows of one topic stand in the order of what they announce.
    /// </summary>
    public void Apply(LedgerWrites writes)
    {
        // A row of an earlier batch may have failed half-way.
        _content.Clear();
        for (var i = 0; i < writes.Opened.Count; i++)
            writes.Opened[i] = writes.Opened[i] with { Seal = LedgerContents.OfOpen(writes.Opened[i], _content) };
        _organizations.Clear();
        for (var i = 0; i < writes.Organizations.Count; i++) _organizations.Add(writes.Organizations[i].OrganizationId, i);
        var (spend, adjustments, released, refusals) = (0, 0, 0, 0);
        for (var i = 0; i < writes.Outbox.Count; i++)
        {
            var row = writes.Outbox[i];
            var content = row.Topic switch
            {
                OutboxTopic.Spend => LedgerContents.Of(writes.SpendEvents[spend++], _content),
                OutboxTopic.Adjustment => LedgerContents.Of(writes.AccountAdjustments[adjustments++], _content),
                OutboxTopic.Release => OfRelease(writes.Released[released++]),
                OutboxTopic.Refusal => LedgerContents.Of(writes.Refusals[refusals++], _content),
                _ => throw new ArgumentException($"outbox row {row.Sequence} announces nothing that is known"),
            };
            var at = _organizations[row.OrganizationId];
            var organization = writes.Organizations[at];
            var previous = organization.Seal.IsNone ? SealChain.Start(row.OrganizationId, row.Sequence - 1) : organization.Seal;
            var seal = SealChain.Next(previous, row.Announcement, content);
            writes.Outbox[i] = row with { Seal = seal };
            writes.Organizations[at] = organization with { Seal = seal };
        }
    }

    private Seal OfRelease((Reservation Reservation, string Reason, long At) row) =>
        LedgerContents.OfRelease(row.Reservation, row.Reason, row.At, _content);
}
