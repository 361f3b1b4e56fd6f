-- The ledger is sealed: each outbox row carries a hash over the row before it and over all that it announces, the organization
-- that of its last row. Everything that is only ever added is announced, releases and refusals as well; what is older than this
-- version is announced here and has no seal.
ALTER TABLE outbox ADD COLUMN seal $bytes$;
-- A reservation changes its table when it ends: it is sealed by itself as long as it is open.
ALTER TABLE open_reservations ADD COLUMN seal $bytes$;
ALTER TABLE organizations ADD COLUMN ledger_seal $bytes$;
-- The last row that is older than seals: none behind it may be without.
ALTER TABLE organizations ADD COLUMN sealed_after bigint NOT NULL DEFAULT 0;

INSERT INTO outbox (organization_id, sequence, topic, subject_id, event_number, created_at)
SELECT e.organization_id, o.outbox_sequence + row_number() OVER (PARTITION BY e.organization_id ORDER BY e.ended_at, e.subject_id),
    e.topic, e.subject_id, 0, e.ended_at
FROM (
    SELECT organization_id, reservation_id AS subject_id, 'release' AS topic, released_at AS ended_at FROM released_reservations
    UNION ALL
    SELECT organization_id, request_id, 'refusal', refused_at FROM refusals) e
JOIN organizations o ON o.organization_id = e.organization_id;

UPDATE organizations SET outbox_sequence = coalesce(
    (SELECT max(sequence) FROM outbox WHERE outbox.organization_id = organizations.organization_id), outbox_sequence);
UPDATE organizations SET sealed_after = outbox_sequence;

-- What was signed of the ledger, beside the audit chain.
ALTER TABLE audit_deliveries ADD COLUMN ledger_sequence bigint NOT NULL DEFAULT 0;
ALTER TABLE audit_deliveries ADD COLUMN ledger_seal $bytes$;

-- Where the money of a refused request would have belonged, so that refusals can be counted like spend. NULL when older.
ALTER TABLE refusals ADD COLUMN scope_ids $bytes$;
ALTER TABLE refusals ADD COLUMN environment text;
