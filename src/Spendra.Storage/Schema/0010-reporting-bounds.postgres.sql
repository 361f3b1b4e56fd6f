-- How near the bounds came to what calls used: one row per reservation that ended with an event. bound_basis says what
-- the input was bounded by (bytes, context_window, tokenizer, counted). tightness is actual by bound, of money and of input
-- tokens; above one is an overrun, and null where nothing was held or the cost is the bound itself. served_price_id is the
-- price version that was settled at when another model served than the one that was reserved for; null is price_id.
CREATE VIEW reporting.bounds AS
SELECT e.organization_id, e.reservation_id, reporting.instant(e.reserved_at) AS reserved_at, e.provider, e.model, e.route,
       coalesce(CAST(e.bound_others AS jsonb) ->> 'basis', 'bytes') AS bound_basis,
       e.bound_input AS bound_input_units, e.bound_output AS bound_output_units, s.input_units, s.output_units,
       reporting.usd(e.reserved_nanos) AS bound_usd, reporting.usd(s.cost_nanos) AS actual_usd, s.is_estimated,
       CASE WHEN NOT s.is_estimated AND e.reserved_nanos > 0
            THEN round(s.cost_nanos / CAST(e.reserved_nanos AS numeric), 6) END AS tightness,
       CASE WHEN NOT s.is_estimated AND e.bound_input > 0
            THEN round(s.input_units / CAST(e.bound_input AS numeric), 6) END AS input_tightness,
       e.price_id, s.served_price_id, s.served_model,
       CASE WHEN s.served_price_id IS NOT NULL THEN 'served_model_has_its_own_price' END AS served_price_reason
FROM spend_events e
CROSS JOIN LATERAL (
    -- Later events carry differences; a late settlement replaces an estimate.
    SELECT CAST(sum(x.cost_nanos) AS bigint) AS cost_nanos, sum(x.output_units) AS output_units,
           sum(x.input_units + x.cached_input_units + x.cache_write_units
               + (SELECT coalesce(sum(CAST(u.value AS bigint)), 0) FROM jsonb_each_text(CAST(coalesce(x.other_units, '{}') AS jsonb)) AS u
                  WHERE u.key IN ('cache_write_long', 'audio_input', 'cached_audio_input', 'image_input', 'cached_image_input')))
               AS input_units,
           bool_or(x.is_estimated) AND NOT bool_or(x.kind = 2) AS is_estimated,
           (array_agg(x.served_price_id ORDER BY x.event_number DESC) FILTER (WHERE x.served_price_id IS NOT NULL))[1] AS served_price_id,
           (array_agg(x.served_model ORDER BY x.event_number DESC) FILTER (WHERE x.served_model IS NOT NULL))[1] AS served_model
    FROM spend_events x WHERE x.organization_id = e.organization_id AND x.reservation_id = e.reservation_id) AS s
WHERE e.event_number = 0;
