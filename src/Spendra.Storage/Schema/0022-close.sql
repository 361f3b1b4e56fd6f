-- Locked months of the books. A lock notes the number of the last entry before it: what is booked later is not in the period,
-- whatever its date. Reopening ends a lock and keeps its row.
CREATE TABLE period_locks (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    lock_id $uuid$ NOT NULL,
    -- The first instant of the month, in microseconds since the Unix epoch.
    period_starts_at bigint NOT NULL,
    last_sequence bigint NOT NULL CHECK (last_sequence >= 0),
    -- What the period held when it was locked, and holds as long as it is.
    entry_count bigint NOT NULL CHECK (entry_count >= 0),
    expense_nanos bigint NOT NULL,
    -- Why it was locked although a bill was not explained within the tolerance.
    waiver text,
    locked_at bigint NOT NULL,
    locked_by text NOT NULL,
    reopened_at bigint,
    reopened_by text,
    reopen_reason text,
    PRIMARY KEY (organization_id, lock_id),
    CHECK ((reopened_at IS NULL) = (reopened_by IS NULL) AND (reopened_at IS NULL) = (reopen_reason IS NULL))
) $ledger_table$;

CREATE UNIQUE INDEX period_locks_in_force ON period_locks (organization_id, period_starts_at) WHERE reopened_at IS NULL;

CREATE TABLE closing_rules (
    organization_id $uuid$ PRIMARY KEY REFERENCES organizations (organization_id),
    -- How much of a bill may stay unexplained, in basis points.
    tolerance_basis_points integer NOT NULL CHECK (tolerance_basis_points BETWEEN 0 AND 10000),
    changed_at bigint NOT NULL,
    changed_by text NOT NULL,
    version bigint NOT NULL
) $ledger_table$;

-- The month that a correction is meant for ('2026-10'), and the one that it was booked into by that name: the same as long as that
-- was open, otherwise null: then its entry is of the month that it is dated in, as all others are.
ALTER TABLE adjustments ADD COLUMN month text;
ALTER TABLE adjustments ADD COLUMN booked_month text CHECK (booked_month IS NULL OR (booked_month = month AND decision = 'approved'));

CREATE INDEX adjustments_by_entry ON adjustments (organization_id, entry_sequence) WHERE entry_sequence IS NOT NULL;
