-- Secrets that all servers on this database share, such as what signs the chat's cookies: made once, by whoever comes first.
CREATE TABLE server_secrets (
    name    text PRIMARY KEY,
    value   text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
