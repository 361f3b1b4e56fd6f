-- Alerts of schedules that keep failing. The check of the kinds stands at its column, which is made again with the wider one.
ALTER TABLE alerts ADD COLUMN wider_kind text NOT NULL DEFAULT 'soft_cap' CHECK (wider_kind IN ('soft_cap', 'limit_threshold',
    'exhaustion_forecast', 'burn_rate', 'unusual_refusals', 'stale_catalog', 'outbox_lag', 'in_doubt_settlements', 'bill_fetch_failing',
    'export_failing'));

UPDATE alerts SET wider_kind = kind;

ALTER TABLE alerts DROP COLUMN kind;

ALTER TABLE alerts RENAME COLUMN wider_kind TO kind;

-- How the last export of a schedule went.
CREATE INDEX export_runs_ended ON export_runs (organization_id, schedule_id, due_at) WHERE schedule_id IS NOT NULL AND ended_at IS NOT NULL;
