-- Who may govern: people, their memberships and roles, tokens of automation.

-- A person may be a member of several organizations: like the directories, this table reaches across them. On a distributed
-- database it is a reference table.
CREATE TABLE users (
    user_id $uuid$ PRIMARY KEY,
    -- In lower case: the sign-in name.
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text,
    -- Changes with every change of how the person signs in; sessions of another stamp are over.
    security_stamp text NOT NULL,
    -- Sealed by the master key, the user's id as associated data.
    totp_secret $bytes$,
    is_two_factor boolean NOT NULL,
    -- JSON: digests of the recovery codes that were not used yet.
    recovery_digests text NOT NULL,
    failed_sign_ins integer NOT NULL CHECK (failed_sign_ins >= 0),
    locked_until bigint,
    created_at bigint NOT NULL
);

-- One membership has one role or none, by construction; the history of roles is in the audit records.
CREATE TABLE members (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    member_id $uuid$ NOT NULL,
    user_id $uuid$ NOT NULL,
    -- The employee that the member is, or null for people who hold no keys themselves.
    employee_id $uuid$,
    role text CHECK (role IN ('org_admin', 'iam_admin', 'platform_admin', 'finance_manager', 'manager', 'employee', 'auditor')),
    approval_limit_nanos bigint CHECK (approval_limit_nanos >= 0),
    joined_at bigint NOT NULL,
    removed_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, member_id),
    UNIQUE (organization_id, user_id),
    FOREIGN KEY (organization_id, employee_id) REFERENCES scopes (organization_id, scope_id),
    CHECK (removed_at IS NULL OR role IS NULL)
);

CREATE INDEX members_of_user ON members (user_id);

-- The scopes that a manager's or employee's role holds; what is below them is held as well.
CREATE TABLE member_scopes (
    organization_id $uuid$ NOT NULL,
    member_id $uuid$ NOT NULL,
    scope_id $uuid$ NOT NULL,
    PRIMARY KEY (organization_id, member_id, scope_id),
    FOREIGN KEY (organization_id, member_id) REFERENCES members (organization_id, member_id),
    FOREIGN KEY (organization_id, scope_id) REFERENCES scopes (organization_id, scope_id)
);

-- What is below a scope is found by this.
CREATE INDEX scopes_by_parent ON scopes (organization_id, parent_id);

-- Whose a token is, before the organization is known.
CREATE TABLE token_directory (
    token_id $uuid$ PRIMARY KEY,
    organization_id $uuid$ NOT NULL
);

-- Personal access tokens: what a member lets automation do in their name. Only the digest of the secret is kept.
CREATE TABLE access_tokens (
    organization_id $uuid$ NOT NULL,
    token_id $uuid$ NOT NULL,
    member_id $uuid$ NOT NULL,
    name text NOT NULL,
    secret_hmac $bytes$ NOT NULL,
    -- JSON: names of capabilities; what holds is what the member still holds of them.
    capabilities text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    last_used_at bigint,
    revoked_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, token_id),
    FOREIGN KEY (organization_id, member_id) REFERENCES members (organization_id, member_id)
);

CREATE INDEX access_tokens_of_member ON access_tokens (organization_id, member_id);

-- What was answered to a creation that carried an idempotency key, so that a repetition is answered alike and creates
-- nothing. response is null where the answer held a secret.
CREATE TABLE creation_receipts (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    member_id $uuid$ NOT NULL,
    key_digest $bytes$ NOT NULL,
    request_digest $bytes$ NOT NULL,
    location text NOT NULL,
    response text,
    created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, member_id, key_digest)
);
