-- The ledger. Amounts are nano-USD, times microseconds since the Unix epoch, UTC. Lists of ids (scopes, policies,
-- windows) are the 16-byte ids one after the other. open_reservations is small and hot; everything that ended
-- lives in tables that are only ever appended to.

CREATE TABLE windows (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    window_id $uuid$ NOT NULL,
    budget_id $uuid$ NOT NULL,
    starts_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    limit_nanos bigint NOT NULL CHECK (limit_nanos >= 0),
    reserved_nanos bigint NOT NULL CHECK (reserved_nanos >= 0),
    settled_nanos bigint NOT NULL CHECK (settled_nanos >= 0),
    PRIMARY KEY (organization_id, window_id),
    CHECK (starts_at < ends_at)
) $hot_table$;

CREATE TABLE open_reservations (
    organization_id $uuid$ NOT NULL,
    reservation_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    scope_ids $bytes$ NOT NULL,
    policy_ids $bytes$ NOT NULL,
    window_ids $bytes$ NOT NULL,
    provider text NOT NULL,
    account_id $uuid$ NOT NULL,
    model text NOT NULL,
    route text NOT NULL,
    environment text,
    price_id $uuid$,
    tier_percent integer NOT NULL CHECK (tier_percent > 0),
    amount_nanos bigint NOT NULL CHECK (amount_nanos >= 0),
    bound_input bigint NOT NULL CHECK (bound_input >= 0),
    bound_output bigint NOT NULL CHECK (bound_output >= 0),
    epoch bigint NOT NULL,
    reserved_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    gateway_id $uuid$,
    idempotency_digest $bytes$,
    PRIMARY KEY (organization_id, reservation_id)
) $ledger_table$;

-- Event 0 tells the whole story of a reservation; later events (late settlement, adjustments) the difference.
-- kind: 0 settled, 1 expired, 2 late, 3 adjusted.
CREATE TABLE spend_events (
    organization_id $uuid$ NOT NULL,
    reservation_id $uuid$ NOT NULL,
    event_number integer NOT NULL CHECK (event_number >= 0),
    kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 3),
    key_id $uuid$ NOT NULL,
    scope_ids $bytes$ NOT NULL,
    policy_ids $bytes$ NOT NULL,
    window_ids $bytes$ NOT NULL,
    provider text NOT NULL,
    account_id $uuid$ NOT NULL,
    model text NOT NULL,
    route text NOT NULL,
    environment text,
    price_id $uuid$,
    tier_percent integer NOT NULL,
    reserved_nanos bigint NOT NULL CHECK (reserved_nanos >= 0),
    bound_input bigint NOT NULL,
    bound_output bigint NOT NULL,
    epoch bigint NOT NULL,
    reserved_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    occurred_at bigint NOT NULL,
    cost_nanos bigint NOT NULL,
    input_units bigint NOT NULL,
    cached_input_units bigint NOT NULL,
    cache_write_units bigint NOT NULL,
    output_units bigint NOT NULL,
    reasoning_units bigint NOT NULL,
    is_estimated boolean NOT NULL,
    served_model text,
    served_tier text,
    upstream_request_id text,
    upstream_status integer NOT NULL,
    entry_sequence bigint NOT NULL,
    reason text,
    PRIMARY KEY (organization_id, reservation_id, event_number),
    CHECK (event_number > 0 OR cost_nanos >= 0)
) $ledger_table$;

CREATE TABLE released_reservations (
    organization_id $uuid$ NOT NULL,
    reservation_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    scope_ids $bytes$ NOT NULL,
    policy_ids $bytes$ NOT NULL,
    window_ids $bytes$ NOT NULL,
    provider text NOT NULL,
    account_id $uuid$ NOT NULL,
    model text NOT NULL,
    route text NOT NULL,
    environment text,
    price_id $uuid$,
    amount_nanos bigint NOT NULL,
    bound_input bigint NOT NULL,
    bound_output bigint NOT NULL,
    epoch bigint NOT NULL,
    reserved_at bigint NOT NULL,
    released_at bigint NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (organization_id, reservation_id)
) $ledger_table$;

-- kind: 0 settlement, 1 expiry, 2 late, 3 adjustment.
CREATE TABLE journal_entries (
    organization_id $uuid$ NOT NULL,
    entry_sequence bigint NOT NULL CHECK (entry_sequence > 0),
    kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 3),
    reservation_id $uuid$ NOT NULL,
    event_number integer NOT NULL,
    corrects_sequence bigint,
    booked_at bigint NOT NULL,
    PRIMARY KEY (organization_id, entry_sequence)
) $ledger_table$;

-- Debits are positive, credits negative; the lines of an entry sum to zero. ledger_account: 1 expense, 2 payable.
CREATE TABLE postings (
    organization_id $uuid$ NOT NULL,
    entry_sequence bigint NOT NULL,
    line smallint NOT NULL CHECK (line > 0),
    ledger_account smallint NOT NULL CHECK (ledger_account IN (1, 2)),
    account_id $uuid$ NOT NULL,
    amount_nanos bigint NOT NULL,
    PRIMARY KEY (organization_id, entry_sequence, line)
) $ledger_table$;

-- Why a window may stand above its limit. kind: 0 overrun, 1 late, 2 cap cut.
CREATE TABLE window_excesses (
    organization_id $uuid$ NOT NULL,
    window_id $uuid$ NOT NULL,
    cause_id $uuid$ NOT NULL,
    event_number integer NOT NULL,
    kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 2),
    amount_nanos bigint NOT NULL CHECK (amount_nanos > 0),
    recorded_at bigint NOT NULL,
    PRIMARY KEY (organization_id, window_id, cause_id, event_number)
) $ledger_table$;

CREATE TABLE outbox (
    organization_id $uuid$ NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    topic text NOT NULL,
    subject_id $uuid$ NOT NULL,
    event_number integer NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, sequence)
) $ledger_table$;

CREATE TABLE idempotency_keys (
    organization_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    key_digest $bytes$ NOT NULL,
    body_digest $bytes$ NOT NULL,
    reservation_id $uuid$ NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, key_id, key_digest)
) $ledger_table$;

CREATE TABLE refusals (
    organization_id $uuid$ NOT NULL,
    request_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    refused_at bigint NOT NULL,
    route text NOT NULL,
    provider text,
    model text,
    code text NOT NULL,
    message text NOT NULL,
    policy_id $uuid$,
    budget_id $uuid$,
    limit_nanos bigint,
    settled_nanos bigint,
    reserved_nanos bigint,
    needed_nanos bigint,
    window_starts_at bigint,
    window_ends_at bigint,
    PRIMARY KEY (organization_id, request_id)
) $ledger_table$;

-- Files and responses live at the provider under a shared credential; here stands whose they are.
-- kind: 1 file, 2 response.
CREATE TABLE provider_objects (
    organization_id $uuid$ NOT NULL,
    object_id text NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    account_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    reservation_id $uuid$ NOT NULL,
    created_at bigint NOT NULL,
    deleted_at bigint,
    bytes bigint,
    file_name text,
    purpose text,
    expires_at bigint,
    PRIMARY KEY (organization_id, object_id)
) $ledger_table$;

-- Lists of files do not read past the responses that were ever made.
CREATE INDEX provider_objects_files ON provider_objects (organization_id, created_at, object_id) WHERE kind = 1;

-- Live gateway processes: a reservation whose gateway has fallen silent is in doubt at once.
CREATE TABLE gateways (
    gateway_id $uuid$ PRIMARY KEY,
    started_at bigint NOT NULL,
    heartbeat_at bigint NOT NULL
) $ledger_table$;
