-- What is being applied is looked for from time to time, and so is what was last heard of it.
CREATE INDEX approvals_being_applied ON approvals (cluster, namespace) WHERE status = 'applying';
CREATE INDEX audit_log_of_an_approval ON audit_log (approval_id);
