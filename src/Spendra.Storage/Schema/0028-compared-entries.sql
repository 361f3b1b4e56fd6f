-- The last journal entry that a comparison saw: corrections of single requests that were booked after it are not in what it compared.
ALTER TABLE reconciliation_runs ADD COLUMN entry_sequence bigint NOT NULL DEFAULT 0;
