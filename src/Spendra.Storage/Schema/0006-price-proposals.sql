-- Prices that were fetched or imported, and what became of them. A proposal changes nothing until it is approved. Rows
-- are only added; all that changes is the decision, once.

CREATE TABLE price_proposals (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    proposal_id $uuid$ NOT NULL,
    created_at bigint NOT NULL,
    source text NOT NULL,
    -- CSV in the columns of the built-in catalog: what differed from the price book when the proposal was made.
    prices text NOT NULL,
    -- JSON: those differences, as people read them.
    differences text NOT NULL,
    decision text CHECK (decision IN ('approved', 'rejected', 'superseded')),
    decided_at bigint,
    decided_by text,
    PRIMARY KEY (organization_id, proposal_id),
    CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL))
);

-- Every attempt to bring the price book up to date, failed ones too.
CREATE TABLE price_sync_runs (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    run_id $uuid$ NOT NULL,
    started_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    source text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('proposed', 'unchanged', 'failed')),
    failure text,
    prices_read bigint NOT NULL CHECK (prices_read >= 0),
    proposal_id $uuid$,
    PRIMARY KEY (organization_id, run_id),
    FOREIGN KEY (organization_id, proposal_id) REFERENCES price_proposals (organization_id, proposal_id),
    CHECK ((outcome = 'failed') = (failure IS NOT NULL))
);
