-- Alerts, who is told of them and through what, and what became of each notice. Money is nano-USD, times microseconds since
-- the Unix epoch, UTC.

-- Where notices go. settings is what may be shown, as JSON; secret is sealed by the master key with the organization's and the
-- channel's id as associated data, and holds whatever lets somebody send in our name: passwords, keys, addresses with tokens.
CREATE TABLE alert_channels (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    channel_id $uuid$ NOT NULL,
    slug text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('email', 'slack', 'teams', 'pagerduty', 'webhook')),
    settings text NOT NULL,
    secret $bytes$ NOT NULL,
    archived_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, channel_id),
    UNIQUE (organization_id, slug)
);

-- Who is told of what: alerts of these kinds (JSON; null for every kind), at least so severe, of this scope and what is below it
-- (null for every scope), through these channels (16-byte ids one after the other).
CREATE TABLE alert_rules (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    rule_id $uuid$ NOT NULL,
    slug text NOT NULL,
    kinds text,
    least_severity text NOT NULL CHECK (least_severity IN ('info', 'warning', 'critical')),
    scope_id $uuid$,
    channel_ids $bytes$ NOT NULL,
    archived_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, rule_id),
    UNIQUE (organization_id, slug),
    FOREIGN KEY (organization_id, scope_id) REFERENCES scopes (organization_id, scope_id)
);

-- An alert stands until its condition is gone (cleared_at), also when somebody resolved it before: what a person has dealt with
-- is not raised again every minute. No reference to the organization, as in the ledger: workers write here while a change of
-- governance holds the organization's row, and each would wait for the other.
CREATE TABLE alerts (
    organization_id $uuid$ NOT NULL,
    alert_id $uuid$ NOT NULL,
    dedup_key text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('soft_cap', 'limit_threshold', 'exhaustion_forecast', 'burn_rate', 'unusual_refusals',
        'stale_catalog', 'outbox_lag', 'in_doubt_settlements')),
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    scope_id $uuid$,
    subject text NOT NULL,
    title text NOT NULL,
    -- JSON: names and values, as they were when the alert was raised.
    facts text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
    raised_at bigint NOT NULL,
    acknowledged_at bigint,
    acknowledged_by text,
    resolved_at bigint,
    -- Null when the condition was gone by itself.
    resolved_by text,
    cleared_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, alert_id),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK (cleared_at IS NULL OR state = 'resolved'),
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);

-- At most one alert of a condition: whoever raises it second, raises nothing.
CREATE UNIQUE INDEX alerts_standing ON alerts (organization_id, dedup_key) WHERE cleared_at IS NULL;

-- One notice: what happened to an alert, for one channel. The id is what a receiver may know a repetition by. A worker that
-- has taken a notice puts next_attempt_at to the end of its lease, so that another takes it should the worker be gone.
CREATE TABLE alert_deliveries (
    organization_id $uuid$ NOT NULL,
    delivery_id $uuid$ NOT NULL,
    alert_id $uuid$ NOT NULL,
    channel_id $uuid$ NOT NULL,
    -- The subscription that it was sent for; null where it follows from an earlier notice.
    rule_id $uuid$,
    transition text NOT NULL CHECK (transition IN ('raised', 'acknowledged', 'resolved')),
    -- JSON: what is told, written once.
    notice text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts integer NOT NULL CHECK (attempts >= 0),
    created_at bigint NOT NULL,
    next_attempt_at bigint NOT NULL,
    lease_id $uuid$,
    ended_at bigint,
    last_status integer,
    last_error text,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, delivery_id),
    UNIQUE (organization_id, alert_id, channel_id, transition),
    FOREIGN KEY (organization_id, alert_id) REFERENCES alerts (organization_id, alert_id),
    FOREIGN KEY (organization_id, channel_id) REFERENCES alert_channels (organization_id, channel_id),
    CHECK ((state = 'pending') = (ended_at IS NULL))
);

-- What is due, channel by channel; what was delivered leaves it.
CREATE INDEX alert_deliveries_pending ON alert_deliveries (organization_id, channel_id, next_attempt_at) WHERE state = 'pending';

-- When each kind of look at conditions was last begun: one worker looks at a time.
CREATE TABLE alert_looks (
    organization_id $uuid$ NOT NULL,
    name text NOT NULL,
    looked_at bigint NOT NULL,
    PRIMARY KEY (organization_id, name)
);

-- What was booked at its bound, among all that was ever spent.
CREATE INDEX spend_events_in_doubt ON spend_events (organization_id, occurred_at) WHERE kind = 1;
