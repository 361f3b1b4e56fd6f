-- Money that is part of a budget's amount for a time only. JSON: a list of id, amount and end; what is over is taken back by
-- a change of the budget, and covers nothing from its end on in any case.
ALTER TABLE budgets ADD COLUMN increases text NOT NULL DEFAULT '[]';
