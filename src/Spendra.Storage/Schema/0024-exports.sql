-- Exports that were asked for, and how far each has come. A run is bound to what stood in the books when it began: what is booked
-- later is not in it, so that one that was stopped goes on behind its last finished part and comes to the same bytes.
CREATE TABLE export_runs (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    run_id $uuid$ NOT NULL,
    dataset text NOT NULL,
    format text NOT NULL,
    -- The span, in microseconds since the Unix epoch.
    starts_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    rows_per_part integer NOT NULL CHECK (rows_per_part > 0),
    -- The schedule that asked for it, and for which of its instants; null for what somebody asked for.
    schedule_id $uuid$,
    due_at bigint,
    -- Where the command line writes it; null: below the configured folder, by a worker.
    folder text,
    requested_at bigint NOT NULL,
    requested_by text NOT NULL,
    -- What stood in the books when it began; null until then.
    taken_at bigint,
    entry_sequence bigint,
    outbox_sequence bigint,
    ledger_seal $bytes$,
    audit_sequence bigint,
    rollup_sequence bigint,
    -- The key behind which the next part begins.
    position text,
    part_count integer NOT NULL CHECK (part_count >= 0),
    row_count bigint NOT NULL CHECK (row_count >= 0),
    state text NOT NULL CHECK (state IN ('waiting', 'complete', 'failed')),
    attempts integer NOT NULL CHECK (attempts >= 0),
    failure text,
    retry_at bigint NOT NULL,
    ended_at bigint,
    holder_id $uuid$,
    held_until bigint NOT NULL,
    PRIMARY KEY (organization_id, run_id),
    CHECK (starts_at < ends_at),
    CHECK ((schedule_id IS NULL) = (due_at IS NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
) $ledger_table$;

CREATE INDEX export_runs_waiting ON export_runs (organization_id, retry_at) WHERE state = 'waiting';

-- Nothing is due twice, however many workers look.
CREATE UNIQUE INDEX export_runs_due ON export_runs (organization_id, schedule_id, due_at) WHERE schedule_id IS NOT NULL;

CREATE TABLE export_parts (
    organization_id $uuid$ NOT NULL,
    run_id $uuid$ NOT NULL,
    part_number integer NOT NULL CHECK (part_number > 0),
    row_count bigint NOT NULL CHECK (row_count >= 0),
    byte_count bigint NOT NULL CHECK (byte_count >= 0),
    sha256 $bytes$ NOT NULL,
    -- The key of its last row.
    position text,
    PRIMARY KEY (organization_id, run_id, part_number)
) $ledger_table$;

CREATE TABLE export_schedules (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    schedule_id $uuid$ NOT NULL,
    dataset text NOT NULL,
    format text NOT NULL,
    -- Cron, five fields, UTC; at each of its instants the last whole period before it is exported.
    cron text NOT NULL,
    period text NOT NULL CHECK (period IN ('hour', 'day', 'month')),
    -- The next instant; null when it has been ended.
    next_at bigint,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    ended_at bigint,
    ended_by text,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, schedule_id),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) $ledger_table$;
