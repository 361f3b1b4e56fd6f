-- The price version that an event was settled at when another model served than the one that was priced; null for the
-- reservation's own, which is nearly always.
ALTER TABLE spend_events ADD COLUMN served_price_id $uuid$;
