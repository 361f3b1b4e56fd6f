-- Views for reporting tools, on PostgreSQL. Amounts are US dollars, exact; times are timestamptz, exact to the
-- microsecond; a window that never ends has no end. Every view begins with organization_id: filter by it. The
-- tables behind the views may change with any version of Spendra; the views keep their columns.

CREATE SCHEMA reporting;

-- 9 decimals, a nano-dollar being the smallest amount. A product is exact; a quotient is rounded.
CREATE FUNCTION reporting.usd(nanos bigint) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN nanos * 0.000000001;

-- Everything that multiplies an interval, and to_timestamp(), counts in floating point and would lose microseconds:
-- whole seconds and the rest, each on its own, are exact.
CREATE FUNCTION reporting.instant(micros bigint) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN micros < 9223372036854775807
                THEN '1970-01-01 00:00:00+00'::timestamptz + micros / 1000000 * interval '1 second'
                     + micros % 1000000 * interval '1 microsecond' END;

-- Lists of ids are stored as 16 bytes each, one after the other.
CREATE FUNCTION reporting.ids(packed bytea) RETURNS uuid[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT CAST(encode(substring(packed FROM n * 16 + 1 FOR 16), 'hex') AS uuid)
                 FROM generate_series(0, length(packed) / 16 - 1) AS n ORDER BY n);

CREATE VIEW reporting.organizations AS
SELECT organization_id, slug, name, currency, time_zone, reporting.instant(created_at) AS created_at
FROM organizations;

-- reference is how declarations, reports and errors name a scope.
CREATE VIEW reporting.scopes AS
SELECT s.organization_id, s.scope_id, s.kind, s.slug,
       CASE s.kind WHEN 'organization' THEN 'organization' ELSE s.kind || '/' || s.slug END AS reference,
       s.name, s.email, s.parent_id,
       CASE p.kind WHEN 'organization' THEN 'organization' ELSE p.kind || '/' || p.slug END AS parent_reference,
       reporting.instant(s.archived_at) AS archived_at
FROM scopes s
LEFT JOIN scopes p ON p.organization_id = s.organization_id AND p.scope_id = s.parent_id;

CREATE VIEW reporting.budgets AS
SELECT b.organization_id, b.budget_id, b.slug AS budget, s.reference AS scope, reporting.usd(b.amount_nanos) AS amount_usd,
       b.period, b.time_zone, b.range_start, b.range_end,
       ARRAY(SELECT p.slug FROM policies p
             WHERE p.organization_id = b.organization_id AND p.budget_id = b.budget_id AND p.kind = 'hard_cap'
               AND p.archived_at IS NULL ORDER BY p.slug) AS hard_caps,
       reporting.instant(b.archived_at) AS archived_at
FROM budgets b
LEFT JOIN reporting.scopes s ON s.organization_id = b.organization_id AND s.scope_id = b.scope_id;

-- remaining_usd is negative when a window stands above its limit; excess_usd is what rows explain of that.
CREATE VIEW reporting.budget_windows AS
SELECT w.organization_id, w.window_id, w.budget_id, b.slug AS budget, s.reference AS scope, b.period,
       reporting.instant(w.starts_at) AS starts_at, reporting.instant(w.ends_at) AS ends_at,
       reporting.usd(w.limit_nanos) AS limit_usd, reporting.usd(w.settled_nanos) AS settled_usd,
       reporting.usd(w.reserved_nanos) AS reserved_usd,
       reporting.usd(w.limit_nanos) - reporting.usd(w.settled_nanos) - reporting.usd(w.reserved_nanos) AS remaining_usd,
       coalesce((SELECT sum(reporting.usd(x.amount_nanos)) FROM window_excesses x
                 WHERE x.organization_id = w.organization_id AND x.window_id = w.window_id), 0) AS excess_usd
FROM windows w
LEFT JOIN budgets b ON b.organization_id = w.organization_id AND b.budget_id = w.budget_id
LEFT JOIN reporting.scopes s ON s.organization_id = b.organization_id AND s.scope_id = b.scope_id;

-- One row per event. The first event of a reservation has number 0; late settlements and adjustments are further
-- events with the difference, so amounts and units may be summed over any set of events.
CREATE VIEW reporting.spend_events AS
SELECT e.organization_id, e.reservation_id, e.event_number,
       CASE e.kind WHEN 0 THEN 'settled' WHEN 1 THEN 'expired' WHEN 2 THEN 'late' WHEN 3 THEN 'adjusted' END AS kind,
       reporting.instant(e.occurred_at) AS occurred_at, reporting.instant(e.reserved_at) AS reserved_at,
       reporting.usd(e.cost_nanos) AS cost_usd, reporting.usd(e.reserved_nanos) AS reserved_usd, e.is_estimated,
       e.input_units, e.cached_input_units, e.cache_write_units, e.output_units, e.reasoning_units,
       e.bound_input AS bound_input_units, e.bound_output AS bound_output_units,
       e.provider, a.slug AS provider_account, e.model, e.served_model, e.route, e.environment, e.served_tier, e.tier_percent,
       k.slug AS key, actor.reference AS actor,
       ARRAY(SELECT s.reference FROM unnest(reporting.ids(e.scope_ids)) WITH ORDINALITY AS i (scope_id, n)
             JOIN reporting.scopes s ON s.organization_id = e.organization_id AND s.scope_id = i.scope_id
             ORDER BY i.n) AS scopes,
       ARRAY(SELECT b.slug FROM unnest(reporting.ids(e.window_ids)) WITH ORDINALITY AS i (window_id, n)
             JOIN windows w ON w.organization_id = e.organization_id AND w.window_id = i.window_id
             JOIN budgets b ON b.organization_id = e.organization_id AND b.budget_id = w.budget_id
             ORDER BY i.n) AS budgets,
       e.price_id, e.upstream_request_id, e.upstream_status, e.entry_sequence, e.reason
FROM spend_events e
LEFT JOIN scoped_keys k ON k.organization_id = e.organization_id AND k.key_id = e.key_id
LEFT JOIN reporting.scopes actor ON actor.organization_id = k.organization_id AND actor.scope_id = k.actor_id
LEFT JOIN provider_accounts a ON a.organization_id = e.organization_id AND a.account_id = e.account_id;

-- One row per event and scope that it belongs to: group by scope, never sum over scopes.
CREATE VIEW reporting.spend_events_by_scope AS
SELECT e.organization_id, s.scope_id, s.kind AS scope_kind, s.reference AS scope, e.reservation_id, e.event_number,
       CASE e.kind WHEN 0 THEN 'settled' WHEN 1 THEN 'expired' WHEN 2 THEN 'late' WHEN 3 THEN 'adjusted' END AS kind,
       reporting.instant(e.occurred_at) AS occurred_at, reporting.usd(e.cost_nanos) AS cost_usd, e.is_estimated,
       e.input_units, e.cached_input_units, e.cache_write_units, e.output_units, e.reasoning_units,
       e.provider, e.model, e.route, e.environment
FROM spend_events e
CROSS JOIN LATERAL unnest(reporting.ids(e.scope_ids)) AS i (scope_id)
JOIN reporting.scopes s ON s.organization_id = e.organization_id AND s.scope_id = i.scope_id;

-- One row per posting. Debits are positive, credits negative; the lines of an entry sum to zero.
CREATE VIEW reporting.journal_entries AS
SELECT e.organization_id, e.entry_sequence, p.line,
       CASE e.kind WHEN 0 THEN 'settlement' WHEN 1 THEN 'expiry' WHEN 2 THEN 'late' WHEN 3 THEN 'adjustment' END AS kind,
       reporting.instant(e.booked_at) AS booked_at,
       CASE p.ledger_account WHEN 1 THEN 'expense' WHEN 2 THEN 'payable' END AS account,
       a.provider, a.slug AS provider_account, reporting.usd(p.amount_nanos) AS amount_usd,
       e.reservation_id, e.event_number, e.corrects_sequence
FROM journal_entries e
JOIN postings p ON p.organization_id = e.organization_id AND p.entry_sequence = e.entry_sequence
LEFT JOIN provider_accounts a ON a.organization_id = p.organization_id AND a.account_id = p.account_id;

CREATE VIEW reporting.open_reservations AS
SELECT r.organization_id, r.reservation_id, reporting.usd(r.amount_nanos) AS amount_usd,
       reporting.instant(r.reserved_at) AS reserved_at, reporting.instant(r.expires_at) AS expires_at,
       r.provider, a.slug AS provider_account, r.model, r.route, r.environment, k.slug AS key, actor.reference AS actor,
       ARRAY(SELECT s.reference FROM unnest(reporting.ids(r.scope_ids)) WITH ORDINALITY AS i (scope_id, n)
             JOIN reporting.scopes s ON s.organization_id = r.organization_id AND s.scope_id = i.scope_id
             ORDER BY i.n) AS scopes,
       ARRAY(SELECT b.slug FROM unnest(reporting.ids(r.window_ids)) WITH ORDINALITY AS i (window_id, n)
             JOIN windows w ON w.organization_id = r.organization_id AND w.window_id = i.window_id
             JOIN budgets b ON b.organization_id = r.organization_id AND b.budget_id = w.budget_id
             ORDER BY i.n) AS budgets
FROM open_reservations r
LEFT JOIN scoped_keys k ON k.organization_id = r.organization_id AND k.key_id = r.key_id
LEFT JOIN reporting.scopes actor ON actor.organization_id = k.organization_id AND actor.scope_id = k.actor_id
LEFT JOIN provider_accounts a ON a.organization_id = r.organization_id AND a.account_id = r.account_id;

CREATE VIEW reporting.refusals AS
SELECT f.organization_id, f.request_id, reporting.instant(f.refused_at) AS refused_at, f.code, f.message, f.route,
       f.provider, f.model, k.slug AS key, actor.reference AS actor, p.slug AS policy, b.slug AS budget,
       reporting.usd(f.limit_nanos) AS limit_usd, reporting.usd(f.settled_nanos) AS settled_usd,
       reporting.usd(f.reserved_nanos) AS reserved_usd, reporting.usd(f.needed_nanos) AS needed_usd,
       reporting.instant(f.window_starts_at) AS window_starts_at, reporting.instant(f.window_ends_at) AS window_ends_at
FROM refusals f
LEFT JOIN scoped_keys k ON k.organization_id = f.organization_id AND k.key_id = f.key_id
LEFT JOIN reporting.scopes actor ON actor.organization_id = k.organization_id AND actor.scope_id = k.actor_id
LEFT JOIN policies p ON p.organization_id = f.organization_id AND p.policy_id = f.policy_id
LEFT JOIN budgets b ON b.organization_id = f.organization_id AND b.budget_id = f.budget_id;

-- US dollars per million units. A version is in force from effective_from until the next of its model.
CREATE VIEW reporting.prices AS
SELECT organization_id, price_id, provider, model, reporting.usd(input_rate) AS input_usd,
       reporting.usd(cached_input_rate) AS cached_input_usd, reporting.usd(cache_write_rate) AS cache_write_usd,
       reporting.usd(output_rate) AS output_usd, long_context_above, reporting.usd(long_input_rate) AS long_input_usd,
       reporting.usd(long_cached_input_rate) AS long_cached_input_usd,
       reporting.usd(long_cache_write_rate) AS long_cache_write_usd, reporting.usd(long_output_rate) AS long_output_usd,
       CAST(tier_percents AS jsonb) AS tier_percents, context_window, max_output,
       reporting.instant(effective_from) AS effective_from, reporting.instant(recorded_at) AS recorded_at, source
FROM prices;
