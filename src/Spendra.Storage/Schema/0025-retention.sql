-- Detail that is old is removed, by policy; docs/operations.md says which. Hours before hours_from are gone from the sums, and
-- whoever counts leaves them out: what is counted later for one of them is in its day alone.
ALTER TABLE outbox_positions ADD COLUMN hours_from bigint NOT NULL DEFAULT 0;

-- From when on there were hours when the export began.
ALTER TABLE export_runs ADD COLUMN hours_from bigint;
