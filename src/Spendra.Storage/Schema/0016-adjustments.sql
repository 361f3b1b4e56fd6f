-- Corrections that people make of the ledger: proposed with a reason, decided by somebody else. What is approved is booked in
-- the same transaction as a new entry; nothing that stands in the ledger is touched. Rows are only added; all that changes
-- is the decision, once.

CREATE TABLE adjustments (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    adjustment_id $uuid$ NOT NULL,
    -- What one request cost; null for what belongs to a provider account alone.
    reservation_id $uuid$,
    account_id $uuid$ NOT NULL,
    amount_nanos bigint NOT NULL CHECK (amount_nanos <> 0),
    -- The last event of the reservation when it was proposed: when another came since, it must be proposed again.
    after_event integer,
    reason text NOT NULL,
    proposed_at bigint NOT NULL,
    proposed_by text NOT NULL,
    proposer_id $uuid$ NOT NULL,
    decision text CHECK (decision IN ('approved', 'rejected')),
    decided_at bigint,
    decided_by text,
    decider_id $uuid$,
    entry_sequence bigint,
    event_number integer,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, adjustment_id),
    CHECK ((reservation_id IS NULL) = (after_event IS NULL)),
    CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decider_id IS NULL)),
    CHECK (decision IS NULL OR (decision = 'approved') = (entry_sequence IS NOT NULL)),
    CHECK (decider_id IS NULL OR decider_id <> proposer_id)
) $ledger_table$;

-- Who proposed prices, where a person did: nobody decides their own proposal.
ALTER TABLE price_proposals ADD COLUMN proposed_by text;
ALTER TABLE price_proposals ADD COLUMN proposer_id $uuid$;

-- How far each sink outside the database has signed checkpoints of the audit chain.
CREATE TABLE audit_deliveries (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    sink text NOT NULL,
    sequence bigint NOT NULL,
    hash $bytes$ NOT NULL,
    signed_at bigint NOT NULL,
    PRIMARY KEY (organization_id, sink)
) $ledger_table$;
