-- The whole story of each conversation, beside its state: every message in its order, and whole what tools were given and returned.
-- Texts of JSON, not "json": PostgreSQL needn't read them, and they may hold what it would refuse.

CREATE TABLE story (
    thread_id text NOT NULL,
    id text NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    message text NOT NULL,
    PRIMARY KEY (thread_id, id)
);

CREATE INDEX story_in_order ON story (thread_id, number);

CREATE TABLE story_values (
    thread_id text NOT NULL,
    digest text NOT NULL,
    returned boolean NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (thread_id, digest, returned)
);
