-- Bills that are fetched from providers again and again, and what became of the last attempt. One worker is at a row at a time.
CREATE TABLE bill_schedules (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    schedule_id $uuid$ NOT NULL,
    account_id $uuid$ NOT NULL,
    -- The account whose credential may see bills.
    credential_account_id $uuid$ NOT NULL,
    -- Cron, five fields, UTC; at each of its instants this many of the last whole days are fetched.
    cron text NOT NULL,
    day_count integer NOT NULL CHECK (day_count BETWEEN 1 AND 30),
    is_compared boolean NOT NULL,
    -- The instant that waits; null when it has been ended.
    next_at bigint,
    -- Not tried before.
    retry_at bigint NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 0),
    failure text,
    failed_at bigint,
    -- When it was fetched the last time, and the day after the last one that was.
    fetched_at bigint,
    fetched_end_day bigint,
    import_id $uuid$,
    holder_id $uuid$,
    held_until bigint NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    ended_at bigint,
    ended_by text,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, schedule_id),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK ((failure IS NULL) = (failed_at IS NULL))
) $ledger_table$;
