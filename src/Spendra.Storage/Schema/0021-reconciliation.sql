-- What providers say that they billed, and how that differs from the ledger. Rows are only added: a corrected bill is another
-- import, and bill_days says which one counts for a day. Days are whole days since the Unix epoch, UTC.

CREATE TABLE bill_imports (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    import_id $uuid$ NOT NULL,
    account_id $uuid$ NOT NULL,
    format text NOT NULL,
    -- Of everything that decides what is read: the content, its format, mapping and span.
    digest $bytes$ NOT NULL,
    first_day bigint NOT NULL,
    end_day bigint NOT NULL,
    line_count integer NOT NULL CHECK (line_count >= 0),
    skipped_count integer NOT NULL CHECK (skipped_count >= 0),
    amount_nanos bigint NOT NULL,
    imported_at bigint NOT NULL,
    imported_by text NOT NULL,
    PRIMARY KEY (organization_id, import_id),
    CHECK (first_day < end_day)
) $ledger_table$;

CREATE TABLE bill_days (
    organization_id $uuid$ NOT NULL,
    account_id $uuid$ NOT NULL,
    day bigint NOT NULL,
    import_id $uuid$ NOT NULL,
    PRIMARY KEY (organization_id, account_id, day)
) $ledger_table$;

CREATE TABLE billed_lines (
    organization_id $uuid$ NOT NULL,
    import_id $uuid$ NOT NULL,
    day bigint NOT NULL,
    line integer NOT NULL,
    model text NOT NULL,
    -- Null where the bill has one amount for everything that a model did.
    class text,
    quantity bigint CHECK (quantity >= 0),
    amount_nanos bigint NOT NULL CHECK (amount_nanos >= 0),
    source_line integer NOT NULL,
    PRIMARY KEY (organization_id, import_id, day, line)
) $ledger_table$;

CREATE TABLE reconciliation_runs (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    run_id $uuid$ NOT NULL,
    account_id $uuid$ NOT NULL,
    -- The first instant of the month, in microseconds since the Unix epoch.
    period_starts_at bigint NOT NULL,
    rounding_nanos bigint NOT NULL CHECK (rounding_nanos >= 0),
    billed_nanos bigint NOT NULL,
    booked_nanos bigint NOT NULL,
    difference_count integer NOT NULL,
    -- Days of the month that no import covers.
    days_without_bill integer NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (organization_id, run_id)
) $ledger_table$;

CREATE INDEX reconciliation_runs_of_accounts ON reconciliation_runs (organization_id, account_id, period_starts_at, run_id);

CREATE TABLE reconciliation_differences (
    organization_id $uuid$ NOT NULL,
    run_id $uuid$ NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    day bigint NOT NULL,
    model text NOT NULL,
    class text,
    kind text NOT NULL,
    amount_nanos bigint NOT NULL CHECK (amount_nanos <> 0),
    billed_nanos bigint NOT NULL,
    booked_nanos bigint NOT NULL,
    billed_quantity bigint,
    booked_quantity bigint,
    source_line integer,
    PRIMARY KEY (organization_id, run_id, number)
) $ledger_table$;

-- Which adjustments stand for the differences of a kind, of one account and month.
CREATE TABLE reconciliation_proposals (
    organization_id $uuid$ NOT NULL,
    account_id $uuid$ NOT NULL,
    period_starts_at bigint NOT NULL,
    adjustment_id $uuid$ NOT NULL,
    kind text NOT NULL,
    run_id $uuid$ NOT NULL,
    PRIMARY KEY (organization_id, account_id, period_starts_at, adjustment_id)
) $ledger_table$;
