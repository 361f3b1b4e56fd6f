-- How people sign in: sessions, passkeys, identities elsewhere. Like users, these tables belong to no organization and are
-- reference tables on a distributed database.

-- Grows with every change of how the person signs in: of two changes at once, one is refused.
ALTER TABLE users ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- The last time step whose one-time code was used: a code is good once.
ALTER TABLE users ADD COLUMN totp_step bigint;

-- A session is over when its row is gone, its time is up, or the person's stamp is another one.
CREATE TABLE sessions (
    session_id $uuid$ PRIMARY KEY,
    user_id $uuid$ NOT NULL REFERENCES users (user_id),
    security_stamp text NOT NULL,
    method text NOT NULL CHECK (method IN ('password', 'two_factor', 'passkey', 'openid_connect')),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX sessions_of_user ON sessions (user_id);

CREATE INDEX sessions_by_end ON sessions (expires_at);

-- What a sign-in of several steps has come to. Whoever holds the ticket goes on with it; only its digest is kept.
-- kind: 1 the password was right and a code is to follow, 2 a passkey is being registered, 3 a passkey is being asked for,
-- 4 a password may be set.
CREATE TABLE sign_in_tickets (
    ticket_digest $bytes$ PRIMARY KEY,
    kind smallint NOT NULL CHECK (kind IN (1, 2, 3, 4)),
    user_id $uuid$ REFERENCES users (user_id),
    -- Of passkeys: the challenge and what belongs to it.
    state text,
    expires_at bigint NOT NULL,
    CHECK (kind = 3 OR user_id IS NOT NULL)
);

CREATE INDEX sign_in_tickets_by_end ON sign_in_tickets (expires_at);

CREATE TABLE passkeys (
    credential_id $bytes$ PRIMARY KEY,
    user_id $uuid$ NOT NULL REFERENCES users (user_id),
    name text NOT NULL,
    public_key $bytes$ NOT NULL,
    sign_count bigint NOT NULL CHECK (sign_count >= 0),
    -- JSON: how the browser reaches the authenticator.
    transports text NOT NULL,
    is_user_verified boolean NOT NULL,
    is_backup_eligible boolean NOT NULL,
    is_backed_up boolean NOT NULL,
    attestation_object $bytes$ NOT NULL,
    client_data_json $bytes$ NOT NULL,
    created_at bigint NOT NULL
);

CREATE INDEX passkeys_of_user ON passkeys (user_id);

-- Who somebody is at an issuer. An address may get another owner there; the subject is whom it was linked with.
CREATE TABLE user_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id $uuid$ NOT NULL REFERENCES users (user_id),
    created_at bigint NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, user_id)
);

-- Which roles people get who sign in at the issuer. One row with all rules: they are read and changed together.
-- rules is JSON: [{"group": null for everybody of the organization's domains, "role", "scopes"}], the first that fits holds.
CREATE TABLE sign_in_rules (
    organization_id $uuid$ PRIMARY KEY REFERENCES organizations (organization_id),
    rules text NOT NULL,
    version bigint NOT NULL
);

-- What the rules gave a member. Only a role that is still the same is changed by them: what people decided stays.
CREATE TABLE mapped_members (
    organization_id $uuid$ NOT NULL,
    member_id $uuid$ NOT NULL,
    role text,
    -- JSON: ids of scopes.
    scope_ids text NOT NULL,
    PRIMARY KEY (organization_id, member_id),
    FOREIGN KEY (organization_id, member_id) REFERENCES members (organization_id, member_id)
);

-- The keys that protect cookies, sealed by the master key: all processes share them, and they outlive each.
CREATE TABLE protection_keys (
    key_name text PRIMARY KEY,
    element text NOT NULL,
    created_at bigint NOT NULL
);
