-- A batch that is about to be made is recorded with its reservation, so that it is found at the provider when the gateway
-- dies before the answer is there. The check of the kinds stands in the table, which is made again with the wider one.
-- kind: 1 file, 2 response, 3 batch, 4 a batch that was to be made; its id is that of the request.
-- input_file_id: what a batch that was to be made reads.
CREATE TABLE provider_objects_with_intents (
    organization_id $uuid$ NOT NULL,
    object_id text NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2, 3, 4)),
    account_id $uuid$ NOT NULL,
    key_id $uuid$ NOT NULL,
    reservation_id $uuid$ NOT NULL,
    created_at bigint NOT NULL,
    deleted_at bigint,
    bytes bigint,
    file_name text,
    purpose text,
    expires_at bigint,
    input_file_id text,
    PRIMARY KEY (organization_id, object_id),
    CHECK ((kind = 4) = (input_file_id IS NOT NULL))
) $ledger_table$;

INSERT INTO provider_objects_with_intents (organization_id, object_id, kind, account_id, key_id, reservation_id, created_at,
    deleted_at, bytes, file_name, purpose, expires_at)
SELECT organization_id, object_id, kind, account_id, key_id, reservation_id, created_at, deleted_at, bytes, file_name,
    purpose, expires_at FROM provider_objects;

DROP TABLE provider_objects;

ALTER TABLE provider_objects_with_intents RENAME TO provider_objects;

CREATE INDEX provider_objects_files ON provider_objects (organization_id, created_at, object_id) WHERE kind = 1;

CREATE INDEX provider_objects_batches_listed ON provider_objects (organization_id, created_at, object_id) WHERE kind = 3;

-- Batches that have not ended, or are to be made, are looked for by when they were made, of all organizations at once.
CREATE INDEX provider_objects_batches ON provider_objects (created_at, organization_id, object_id) WHERE kind IN (3, 4);

-- Whether a batch that was to be made has been.
CREATE INDEX provider_objects_batches_made ON provider_objects (reservation_id) WHERE kind = 3;
