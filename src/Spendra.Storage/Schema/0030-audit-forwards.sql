-- How far the audit record of each organization was told to a receiver outside, such as a SIEM. Records are told in order, and again
-- where it is not known whether they arrived. Whoever tells holds the position for a while, so that of several workers one does.
CREATE TABLE audit_forwards (
    organization_id $uuid$ NOT NULL REFERENCES organizations (organization_id),
    receiver text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 0),
    holder_id $uuid$,
    held_until bigint NOT NULL,
    PRIMARY KEY (organization_id, receiver)
) $hot_table$;
