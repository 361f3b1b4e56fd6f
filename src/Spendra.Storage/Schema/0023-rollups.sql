-- How far each reader of the outbox has come, per organization. Rows are read in order and without gaps: a number is given under
-- the organization's lock, so that none appears behind one that was read. Whoever reads holds the position for a while.
CREATE TABLE outbox_positions (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    consumer text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 0),
    holder_id $uuid$,
    held_until bigint NOT NULL,
    -- True from the beginning of a rebuild to its end: what the reader has written is incomplete.
    is_rebuilding boolean NOT NULL,
    PRIMARY KEY (organization_id, consumer)
) $hot_table$;

-- Rows of the outbox that a reader could not take in. They hold up nothing: each is tried again by itself, and is dead after so
-- many attempts, until somebody tries it once more.
CREATE TABLE outbox_failures (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    consumer text NOT NULL,
    sequence bigint NOT NULL,
    attempts integer NOT NULL CHECK (attempts > 0),
    reason text NOT NULL,
    failed_at bigint NOT NULL,
    retry_at bigint NOT NULL,
    is_dead boolean NOT NULL,
    PRIMARY KEY (organization_id, consumer, sequence)
) $ledger_table$;

-- What is counted together: a derived id for each account, provider, model and label of a key. Texts are empty where there is none.
CREATE TABLE rollup_series (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    series_id $uuid$ NOT NULL,
    account_id $uuid$ NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    environment text NOT NULL,
    PRIMARY KEY (organization_id, series_id)
) $ledger_table$;

-- Sums of spend events by the hour (span 0) and day (span 1) of their reservation, in UTC, of every scope and key that a request
-- belongs to. They are what adding the ledger up again gives, row for row.
CREATE TABLE usage_rollups (
    organization_id $uuid$ NOT NULL,
    span smallint NOT NULL CHECK (span IN (0, 1)),
    starts_at bigint NOT NULL,
    subject_id $uuid$ NOT NULL,
    series_id $uuid$ NOT NULL,
    requests bigint NOT NULL,
    releases bigint NOT NULL,
    -- SQLite makes a floating number of a sum that is too large: such a one is refused.
    cost_nanos bigint NOT NULL CHECK (cost_nanos BETWEEN -9000000000000000000 AND 9000000000000000000),
    corrected_nanos bigint NOT NULL,
    estimated_requests bigint NOT NULL,
    estimated_nanos bigint NOT NULL,
    measured_held_nanos bigint NOT NULL CHECK (measured_held_nanos BETWEEN 0 AND 9000000000000000000),
    measured_nanos bigint NOT NULL,
    input_units bigint NOT NULL,
    cached_input_units bigint NOT NULL,
    cache_write_units bigint NOT NULL,
    output_units bigint NOT NULL,
    reasoning_units bigint NOT NULL,
    PRIMARY KEY (organization_id, span, starts_at, subject_id, series_id)
) $ledger_table$;

-- Units beyond text tokens, by the name of their class.
CREATE TABLE unit_rollups (
    organization_id $uuid$ NOT NULL,
    span smallint NOT NULL CHECK (span IN (0, 1)),
    starts_at bigint NOT NULL,
    subject_id $uuid$ NOT NULL,
    series_id $uuid$ NOT NULL,
    unit text NOT NULL,
    units bigint NOT NULL,
    PRIMARY KEY (organization_id, span, starts_at, subject_id, series_id, unit)
) $ledger_table$;

CREATE TABLE refusal_rollups (
    organization_id $uuid$ NOT NULL,
    span smallint NOT NULL CHECK (span IN (0, 1)),
    starts_at bigint NOT NULL,
    subject_id $uuid$ NOT NULL,
    series_id $uuid$ NOT NULL,
    code text NOT NULL,
    refusals bigint NOT NULL,
    PRIMARY KEY (organization_id, span, starts_at, subject_id, series_id, code)
) $ledger_table$;

-- How long measured requests took, by classes that double from one to the next.
CREATE TABLE latency_rollups (
    organization_id $uuid$ NOT NULL,
    span smallint NOT NULL CHECK (span IN (0, 1)),
    starts_at bigint NOT NULL,
    series_id $uuid$ NOT NULL,
    latency_class smallint NOT NULL,
    requests bigint NOT NULL,
    total_micros bigint NOT NULL,
    PRIMARY KEY (organization_id, span, starts_at, series_id, latency_class)
) $ledger_table$;
