-- How people come in: invitations, domains that an organization has proven to be its own.

-- Whose a proven domain is: at most one organization's. On a distributed database it is a reference table.
CREATE TABLE domain_directory (
    domain text PRIMARY KEY,
    organization_id $uuid$ NOT NULL
);

-- A removed domain stays, and comes back with another challenge.
CREATE TABLE domains (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    domain text NOT NULL,
    -- What the domain's owner publishes as TXT: no secret, everybody can look it up then.
    challenge text NOT NULL,
    created_at bigint NOT NULL,
    verified_at bigint,
    removed_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, domain),
    CHECK (removed_at IS NULL OR verified_at IS NULL)
);

-- Whose an invitation is, before the organization is known.
CREATE TABLE invitation_directory (
    invitation_id $uuid$ PRIMARY KEY,
    organization_id $uuid$ NOT NULL
);

-- What somebody is invited to be. Only the digest of the secret is kept. An invitation ends once: accepted or revoked.
CREATE TABLE invitations (
    organization_id $uuid$ NOT NULL,
    invitation_id $uuid$ NOT NULL,
    -- In lower case.
    email text NOT NULL,
    role text NOT NULL CHECK (role IN ('org_admin', 'iam_admin', 'platform_admin', 'finance_manager', 'manager', 'employee', 'auditor')),
    approval_limit_nanos bigint CHECK (approval_limit_nanos >= 0),
    employee_id $uuid$,
    secret_hmac $bytes$ NOT NULL,
    -- The member who invites: what is given at the end is checked against what this member holds then.
    invited_by $uuid$ NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    accepted_at bigint,
    revoked_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, invitation_id),
    FOREIGN KEY (organization_id, invited_by) REFERENCES members (organization_id, member_id),
    FOREIGN KEY (organization_id, employee_id) REFERENCES scopes (organization_id, scope_id),
    CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);

CREATE TABLE invitation_scopes (
    organization_id $uuid$ NOT NULL,
    invitation_id $uuid$ NOT NULL,
    scope_id $uuid$ NOT NULL,
    PRIMARY KEY (organization_id, invitation_id, scope_id),
    FOREIGN KEY (organization_id, invitation_id) REFERENCES invitations (organization_id, invitation_id),
    FOREIGN KEY (organization_id, scope_id) REFERENCES scopes (organization_id, scope_id)
);

-- An employee is one member at most: who issues keys for oneself is known.
CREATE UNIQUE INDEX members_of_employee ON members (organization_id, employee_id) WHERE employee_id IS NOT NULL;
