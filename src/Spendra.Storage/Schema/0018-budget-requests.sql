-- What people asked for after a refusal: more money for a time, or leave to pass a review. The rules that follow from an
-- approval stand in budgets and policies; here stands who asked, who decided, and why.
CREATE TABLE budget_requests (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    request_id $uuid$ NOT NULL,
    kind text NOT NULL CHECK (kind IN ('increase', 'review')),
    -- The governed request that was refused.
    refusal_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    -- The scope of the budget or policy that binds: who decides is above it.
    scope_id $uuid$ NOT NULL,
    budget_id $uuid$,
    policy_id $uuid$,
    amount_nanos bigint NOT NULL CHECK (amount_nanos > 0),
    until_at bigint NOT NULL,
    reason text NOT NULL,
    requested_by $uuid$ NOT NULL,
    created_at bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'approved', 'declined', 'withdrawn')),
    decided_by $uuid$,
    decided_at bigint,
    decision_reason text,
    granted_nanos bigint CHECK (granted_nanos > 0),
    granted_until bigint,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, request_id),
    FOREIGN KEY (organization_id, requested_by) REFERENCES members (organization_id, member_id),
    FOREIGN KEY (organization_id, key_id) REFERENCES scoped_keys (organization_id, key_id),
    CHECK ((kind = 'increase') = (budget_id IS NOT NULL) AND (kind = 'review') = (policy_id IS NOT NULL)),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state = 'approved') = (granted_nanos IS NOT NULL) AND (state = 'approved') = (granted_until IS NOT NULL)),
    -- Nobody decides on their own request.
    CHECK (state NOT IN ('approved', 'declined') OR (decided_by IS NOT NULL AND decided_by <> requested_by))
);

CREATE INDEX budgets_with_increases ON budgets (organization_id) WHERE increases <> '[]';
