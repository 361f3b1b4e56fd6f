-- Units beyond text tokens: audio, images, searches, calls. JSON objects of counts or rates by the name of the class;
-- absent where there are none, which is nearly always.

-- Rates in nano-USD per million units, like those that have a column. A version ends at effective_to without a successor.
ALTER TABLE prices ADD COLUMN other_rates text NOT NULL DEFAULT '{}';
ALTER TABLE prices ADD COLUMN long_other_rates text;
ALTER TABLE prices ADD COLUMN effective_to bigint;

-- What a bound covers beside input and output: kinds of tokens, and the most pieces of each class.
ALTER TABLE open_reservations ADD COLUMN bound_others text;
ALTER TABLE released_reservations ADD COLUMN bound_others text;
ALTER TABLE spend_events ADD COLUMN bound_others text;
ALTER TABLE spend_events ADD COLUMN other_units text;
-- True when the provider told its own bill, in place of usage times price.
ALTER TABLE spend_events ADD COLUMN is_billed boolean NOT NULL DEFAULT false;

-- JSON: what an account needs beside its address and credential (deployments, authentication).
ALTER TABLE provider_accounts ADD COLUMN settings text NOT NULL DEFAULT '{}';
