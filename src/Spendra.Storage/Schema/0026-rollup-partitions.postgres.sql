-- Rollups by month: the hours of each month are a table of their own, which is dropped as a whole when they are old. Days stay and
-- are one table. Hours of a month that was not made are in the default partition, so that nothing fails for want of one. The
-- partitions are in a schema that no role has a right to: rows are reached through the table that they are part of, and by its rules.

CREATE SCHEMA partitions;

-- Makes the month that an instant is in, for each of the tables, and returns how many tables were made. What the default partition
-- has of it moves over: it is locked meanwhile, and readers and writers of other partitions go on. One at a time makes months.
CREATE FUNCTION partitions.make_month(at_micros bigint) RETURNS integer LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    month timestamp := date_trunc('month', to_timestamp(at_micros / 1000000) AT TIME ZONE 'UTC');
    starts_at bigint := 1000000 * extract(epoch FROM month)::bigint;
    ends_at bigint := 1000000 * extract(epoch FROM month + interval '1 month')::bigint;
    whole text;
    part text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(23486004013068898);
    FOREACH whole IN ARRAY ARRAY['usage_rollups', 'unit_rollups', 'refusal_rollups', 'latency_rollups'] LOOP
        part := whole || '_' || to_char(month, 'YYYY_MM');
        -- Locked first: what another has made meanwhile is not seen before.
        EXECUTE format('LOCK TABLE ONLY partitions.%I IN SHARE UPDATE EXCLUSIVE MODE', whole || '_hours');
        CONTINUE WHEN to_regclass('partitions.' || part) IS NOT NULL;
        EXECUTE format('LOCK TABLE ONLY partitions.%I IN ACCESS EXCLUSIVE MODE', whole || '_default');
        EXECUTE format('CREATE TABLE partitions.%I (LIKE %I INCLUDING ALL)', part, whole);
        EXECUTE format('ALTER TABLE partitions.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('WITH moved AS (DELETE FROM partitions.%I WHERE starts_at >= %s AND starts_at < %s RETURNING *)
            INSERT INTO partitions.%I SELECT * FROM moved', whole || '_default', starts_at, ends_at, part);
        EXECUTE format('ALTER TABLE partitions.%I ATTACH PARTITION partitions.%I FOR VALUES FROM (%s) TO (%s)', whole || '_hours', part, starts_at, ends_at);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

DO $$
DECLARE
    whole text;
    old text;
    at_micros bigint;
BEGIN
    FOREACH whole IN ARRAY ARRAY['usage_rollups', 'unit_rollups', 'refusal_rollups', 'latency_rollups'] LOOP
        old := whole || '_old';
        EXECUTE format('ALTER TABLE %I RENAME TO %I', whole, old);
        EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', old, whole || '_pkey', old || '_pkey');
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY LIST (span)', whole, old);
        EXECUTE format('CREATE TABLE partitions.%I PARTITION OF %I FOR VALUES IN (1)', whole || '_days', whole);
        EXECUTE format('CREATE TABLE partitions.%I PARTITION OF %I FOR VALUES IN (0) PARTITION BY RANGE (starts_at)', whole || '_hours', whole);
        EXECUTE format('CREATE TABLE partitions.%I PARTITION OF partitions.%I DEFAULT', whole || '_default', whole || '_hours');
        EXECUTE format('ALTER TABLE partitions.%I ENABLE ROW LEVEL SECURITY', whole || '_days');
        EXECUTE format('ALTER TABLE partitions.%I ENABLE ROW LEVEL SECURITY', whole || '_hours');
        EXECUTE format('ALTER TABLE partitions.%I ENABLE ROW LEVEL SECURITY', whole || '_default');
    END LOOP;
    FOREACH whole IN ARRAY ARRAY['usage_rollups', 'unit_rollups', 'refusal_rollups', 'latency_rollups'] LOOP
        old := whole || '_old';
        FOR at_micros IN EXECUTE format('SELECT min(starts_at) FROM %I WHERE span = 0
            GROUP BY date_trunc(''month'', to_timestamp(starts_at / 1000000) AT TIME ZONE ''UTC'')', old) LOOP
            PERFORM partitions.make_month(at_micros);
        END LOOP;
        EXECUTE format('INSERT INTO %I SELECT * FROM %I', whole, old);
        EXECUTE format('DROP TABLE %I', old);
    END LOOP;
END $$;
