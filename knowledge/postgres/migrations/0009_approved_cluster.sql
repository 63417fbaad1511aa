-- Which cluster an approval is for, not only the name by which it was reached: the uid of its namespace kube-system, the server's
-- address, a hash of its CA. Empty for approvals from before.
ALTER TABLE approvals ADD COLUMN identity jsonb NOT NULL DEFAULT '{}';
