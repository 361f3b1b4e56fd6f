-- What 0004 added, in the views for reporting tools: new columns come last, so that no report notices.

CREATE OR REPLACE VIEW reporting.spend_events AS
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
       e.price_id, e.upstream_request_id, e.upstream_status, e.entry_sequence, e.reason,
       CAST(coalesce(e.other_units, '{}') AS jsonb) AS other_units, e.is_billed
FROM spend_events e
LEFT JOIN scoped_keys k ON k.organization_id = e.organization_id AND k.key_id = e.key_id
LEFT JOIN reporting.scopes actor ON actor.organization_id = k.organization_id AND actor.scope_id = k.actor_id
LEFT JOIN provider_accounts a ON a.organization_id = e.organization_id AND a.account_id = e.account_id;

-- other_rates: nano-USD per million units, by the name of the class.
CREATE OR REPLACE VIEW reporting.prices AS
SELECT organization_id, price_id, provider, model, reporting.usd(input_rate) AS input_usd,
       reporting.usd(cached_input_rate) AS cached_input_usd, reporting.usd(cache_write_rate) AS cache_write_usd,
       reporting.usd(output_rate) AS output_usd, long_context_above, reporting.usd(long_input_rate) AS long_input_usd,
       reporting.usd(long_cached_input_rate) AS long_cached_input_usd,
       reporting.usd(long_cache_write_rate) AS long_cache_write_usd, reporting.usd(long_output_rate) AS long_output_usd,
       CAST(tier_percents AS jsonb) AS tier_percents, context_window, max_output,
       reporting.instant(effective_from) AS effective_from, reporting.instant(recorded_at) AS recorded_at, source,
       reporting.instant(effective_to) AS effective_to, CAST(other_rates AS jsonb) AS other_rates
FROM prices;
