-- Batches are objects at the provider too. The check of the kinds stands in the table, which one of the engines cannot
-- change: the table is made again with the wider one.
-- kind: 1 file, 2 response, 3 batch.
CREATE TABLE provider_objects_with_batches (
    organization_id $uuid$ NOT NULL,
    object_id text NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2, 3)),
    account_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    reservation_id $uuid$ NOT NULL,
    created_at bigint NOT NULL,
    deleted_at bigint,
    bytes bigint,
    file_name text,
    purpose text,
    expires_at bigint,
    PRIMARY KEY (organization_id, object_id)
) $ledger_table$;

INSERT INTO provider_objects_with_batches (organization_id, object_id, kind, account_id, key_id, reservation_id, created_at,
    deleted_at, bytes, file_name, purpose, expires_at)
SELECT organization_id, object_id, kind, account_id, key_id, reservation_id, created_at, deleted_at, bytes, file_name,
    purpose, expires_at FROM provider_objects;

DROP TABLE provider_objects;

ALTER TABLE provider_objects_with_batches RENAME TO provider_objects;

CREATE INDEX provider_objects_files ON provider_objects (organization_id, created_at, object_id) WHERE kind = 1;

CREATE INDEX provider_objects_batches_listed ON provider_objects (organization_id, created_at, object_id) WHERE kind = 3;

-- Batches that have not ended are looked for by when they were made, of all organizations at once.
CREATE INDEX provider_objects_batches ON provider_objects (created_at, organization_id, object_id) WHERE kind = 3;
