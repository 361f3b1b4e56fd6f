-- Who may spend what: organizations, scopes, budgets, policies, keys, provider accounts, prices, audit.
-- One script for both engines. The names between dollar signs are types and options of the engine.
-- Every tenant table is keyed by organization_id first. changed_epoch is the governance epoch of the last change,
-- so that a gateway reads only what is new to it. Nothing here is ever deleted: it is archived.

CREATE TABLE installation (
    name text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE organizations (
    organization_id $uuid$ PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    time_zone text NOT NULL,
    governance_epoch bigint NOT NULL CHECK (governance_epoch >= 0),
    entry_sequence bigint NOT NULL CHECK (entry_sequence >= 0),
    outbox_sequence bigint NOT NULL CHECK (outbox_sequence >= 0),
    audit_sequence bigint NOT NULL CHECK (audit_sequence >= 0),
    audit_hash $bytes$ NOT NULL,
    created_at bigint NOT NULL
) $hot_table$;

-- Directories answer the two questions that are asked before the organization is known. They are the only
-- tables that reach across organizations; on a distributed database they are reference tables.
CREATE TABLE organization_directory (
    slug text PRIMARY KEY,
    organization_id $uuid$ NOT NULL
);

CREATE TABLE key_directory (
    key_id $uuid$ PRIMARY KEY,
    organization_id $uuid$ NOT NULL
);

CREATE TABLE scopes (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    scope_id $uuid$ NOT NULL,
    kind text NOT NULL CHECK (kind IN ('organization', 'branch', 'team', 'project', 'employee', 'agent', 'subagent')),
    slug text NOT NULL,
    name text NOT NULL,
    email text,
    parent_id $uuid$,
    archived_at bigint,
    changed_epoch bigint NOT NULL,
    PRIMARY KEY (organization_id, scope_id),
    UNIQUE (organization_id, kind, slug),
    FOREIGN KEY (organization_id, parent_id) REFERENCES scopes (organization_id, scope_id)
);

CREATE INDEX scopes_changed ON scopes (organization_id, changed_epoch);

-- Which projects an employee may name on a key.
CREATE TABLE employee_projects (
    organization_id $uuid$ NOT NULL,
    employee_id $uuid$ NOT NULL,
    project_id $uuid$ NOT NULL,
    PRIMARY KEY (organization_id, employee_id, project_id),
    FOREIGN KEY (organization_id, employee_id) REFERENCES scopes (organization_id, scope_id),
    FOREIGN KEY (organization_id, project_id) REFERENCES scopes (organization_id, scope_id)
);

CREATE TABLE budgets (
    organization_id $uuid$ NOT NULL,
    budget_id $uuid$ NOT NULL,
    slug text NOT NULL,
    scope_id $uuid$ NOT NULL,
    amount_nanos bigint NOT NULL CHECK (amount_nanos >= 0),
    period text NOT NULL CHECK (period IN ('day', 'week', 'month', 'quarter', 'year', 'range', 'total')),
    week_start smallint NOT NULL CHECK (week_start BETWEEN 0 AND 6),
    fiscal_start_month smallint NOT NULL CHECK (fiscal_start_month BETWEEN 1 AND 12),
    range_start text,
    range_end text,
    time_zone text NOT NULL,
    archived_at bigint,
    changed_epoch bigint NOT NULL,
    PRIMARY KEY (organization_id, budget_id),
    UNIQUE (organization_id, slug),
    FOREIGN KEY (organization_id, scope_id) REFERENCES scopes (organization_id, scope_id)
);

CREATE INDEX budgets_changed ON budgets (organization_id, changed_epoch);

CREATE TABLE policies (
    organization_id $uuid$ NOT NULL,
    policy_id $uuid$ NOT NULL,
    slug text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('hard_cap', 'soft_cap', 'alert', 'review', 'allowlist', 'request_limit')),
    scope_id $uuid$ NOT NULL,
    budget_id $uuid$,
    -- JSON: filter, thresholds and limits; the shape belongs to the kind.
    rule text NOT NULL,
    set_by text NOT NULL,
    set_at bigint NOT NULL,
    archived_at bigint,
    changed_epoch bigint NOT NULL,
    PRIMARY KEY (organization_id, policy_id),
    UNIQUE (organization_id, slug),
    FOREIGN KEY (organization_id, scope_id) REFERENCES scopes (organization_id, scope_id),
    FOREIGN KEY (organization_id, budget_id) REFERENCES budgets (organization_id, budget_id)
);

CREATE INDEX policies_changed ON policies (organization_id, changed_epoch);

CREATE TABLE scoped_keys (
    organization_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    slug text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('live', 'test')),
    actor_id $uuid$ NOT NULL,
    project_id $uuid$,
    secret_hmac $bytes$ NOT NULL,
    -- JSON: providers, models, tools; an absent list does not restrict.
    permissions text NOT NULL,
    environment text,
    max_request_nanos bigint CHECK (max_request_nanos >= 0),
    expires_at bigint,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    revoked_at bigint,
    revoked_by text,
    changed_epoch bigint NOT NULL,
    PRIMARY KEY (organization_id, key_id),
    UNIQUE (organization_id, slug),
    FOREIGN KEY (organization_id, actor_id) REFERENCES scopes (organization_id, scope_id),
    FOREIGN KEY (organization_id, project_id) REFERENCES scopes (organization_id, scope_id)
);

CREATE INDEX scoped_keys_changed ON scoped_keys (organization_id, changed_epoch);

CREATE TABLE provider_accounts (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    account_id $uuid$ NOT NULL,
    slug text NOT NULL,
    provider text NOT NULL,
    base_url text NOT NULL,
    credential_kind text NOT NULL CHECK (credential_kind IN ('environment', 'sealed')),
    credential $bytes$ NOT NULL,
    archived_at bigint,
    changed_epoch bigint NOT NULL,
    PRIMARY KEY (organization_id, account_id),
    UNIQUE (organization_id, slug)
);

CREATE INDEX provider_accounts_changed ON provider_accounts (organization_id, changed_epoch);

-- The price book: append-only versions. Rates are nano-USD per million units.
CREATE TABLE prices (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    price_id $uuid$ NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    input_rate bigint NOT NULL CHECK (input_rate >= 0),
    cached_input_rate bigint NOT NULL CHECK (cached_input_rate >= 0),
    cache_write_rate bigint NOT NULL CHECK (cache_write_rate >= 0),
    output_rate bigint NOT NULL CHECK (output_rate >= 0),
    long_context_above bigint CHECK (long_context_above > 0),
    long_input_rate bigint,
    long_cached_input_rate bigint,
    long_cache_write_rate bigint,
    long_output_rate bigint,
    -- JSON: tier name to per cent of the rates.
    tier_percents text NOT NULL,
    context_window bigint CHECK (context_window > 0),
    max_output bigint CHECK (max_output > 0),
    effective_from bigint NOT NULL,
    recorded_at bigint NOT NULL,
    source text NOT NULL,
    changed_epoch bigint NOT NULL,
    PRIMARY KEY (organization_id, price_id)
);

CREATE INDEX prices_changed ON prices (organization_id, changed_epoch);

-- Hash-chained: hash covers the previous hash and every column of the record.
CREATE TABLE audit_records (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    sequence bigint NOT NULL CHECK (sequence > 0),
    recorded_at bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject text NOT NULL,
    before_state text,
    after_state text,
    reason text,
    origin text NOT NULL,
    previous_hash $bytes$ NOT NULL,
    hash $bytes$ NOT NULL,
    PRIMARY KEY (organization_id, sequence)
);
