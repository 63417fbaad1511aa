-- What an approval was for in full: the files (the history that a deployment can be rolled back to), what was live when the
-- person looked, whether fields of others may be taken over, and how it ended.
ALTER TABLE approvals
    ADD COLUMN action      text NOT NULL DEFAULT 'apply' CHECK (action IN ('apply', 'delete')),
    ADD COLUMN name        text NOT NULL DEFAULT '',
    ADD COLUMN model_id    text NOT NULL DEFAULT '',
    ADD COLUMN files       jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN live        text NOT NULL DEFAULT '',
    ADD COLUMN before      jsonb,
    ADD COLUMN takes_over  boolean NOT NULL DEFAULT false,
    ADD COLUMN healthy     boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT approvals_status_check,
    ADD CONSTRAINT approvals_status_check CHECK (status IN ('approved', 'applying', 'applied', 'undone', 'refused'));

CREATE INDEX approvals_of_a_deployment ON approvals (cluster, namespace, name, approved_at);

-- Who decided what about which bytes, and what came of it. Only ever added to.
CREATE TABLE audit_log (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       text NOT NULL,
    event       text NOT NULL CHECK (event IN ('approved', 'rejected', 'started', 'done', 'undone', 'incomplete', 'refused')),
    action      text NOT NULL CHECK (action IN ('apply', 'delete')),
    name        text NOT NULL,
    cluster     text NOT NULL,
    namespace   text NOT NULL,
    digest      text NOT NULL,
    thread_id   text NOT NULL,
    approval_id uuid,
    detail      text NOT NULL DEFAULT ''
);

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END;
$$;

CREATE TRIGGER audit_log_rows BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_log_table BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
