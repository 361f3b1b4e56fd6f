-- Rules within which employees issue keys themselves, and keys whose secret is replaced while the old one stays good a while.

CREATE TABLE key_rules (
    organization_id $uuid$ NOT NULL,
    rule_id $uuid$ NOT NULL,
    slug text NOT NULL,
    scope_id $uuid$ NOT NULL,
    max_live_keys integer CHECK (max_live_keys >= 0),
    -- JSON: providers, models, tools; an absent list does not restrict.
    permissions text NOT NULL,
    max_request_nanos bigint CHECK (max_request_nanos >= 0),
    longest_life_days integer CHECK (longest_life_days > 0),
    set_by text NOT NULL,
    set_at bigint NOT NULL,
    archived_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, rule_id),
    UNIQUE (organization_id, slug),
    FOREIGN KEY (organization_id, scope_id) REFERENCES scopes (organization_id, scope_id)
);

ALTER TABLE scoped_keys ADD COLUMN rotated_at bigint;
ALTER TABLE scoped_keys ADD COLUMN previous_hmac $bytes$;
ALTER TABLE scoped_keys ADD COLUMN previous_until bigint;

-- The keys of a person, of a team, of a project.
CREATE INDEX scoped_keys_of_actor ON scoped_keys (organization_id, actor_id);
CREATE INDEX scoped_keys_of_project ON scoped_keys (organization_id, project_id);

CREATE INDEX policies_of_budget ON policies (organization_id, budget_id);

-- The history of one budget among the windows of all. Its columns never change, so the updates of every batch leave the index
-- alone; only the first reservation of a period adds to it.
CREATE INDEX windows_of_budget ON windows (organization_id, budget_id, starts_at);

-- When each key's latest booked request was made, and up to which journal entry that is known: brought up to date by the
-- worker, so that no request pays for it.
CREATE TABLE key_uses (
    organization_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    used_at bigint NOT NULL,
    PRIMARY KEY (organization_id, key_id)
) $ledger_table$;

CREATE TABLE key_use_marks (
    organization_id $uuid$ PRIMARY KEY,
    entry_sequence bigint NOT NULL
) $ledger_table$;
