-- What this server rendered over its API, for whom and for which cluster: the only files that may be sent back to be applied.
CREATE TABLE rendered (
    owner       text NOT NULL,
    cluster     text NOT NULL,
    namespace   text NOT NULL,
    digest      text NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    name        text NOT NULL,
    model_id    text NOT NULL,
    files       jsonb NOT NULL,
    rendered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, cluster, namespace, digest)
);

CREATE INDEX rendered_by_age ON rendered (rendered_at);
