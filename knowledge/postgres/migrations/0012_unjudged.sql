-- A validation of too few requests to judge by is neither passed nor failed.
ALTER TABLE validations DROP CONSTRAINT validations_outcome_check;
ALTER TABLE validations ADD CONSTRAINT validations_outcome_check CHECK (outcome IN ('pass', 'warn', 'fail', 'unjudged'));
-- A look that comes too soon to be recorded no longer looks back beyond the one before it.
ALTER TABLE scrapes DROP COLUMN previous;
