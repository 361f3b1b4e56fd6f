-- Tools that were left out of a request because a policy says so in place of refusing it: what was sent differs from what
-- the client wrote, and the request's id explains it. Rows are only added.
CREATE TABLE stripped_tools (
    organization_id $uuid$ NOT NULL,
    request_id $uuid$ NOT NULL,
    tool text NOT NULL,
    policy_id $uuid$ NOT NULL,
    PRIMARY KEY (organization_id, request_id, tool)
) $ledger_table$;
