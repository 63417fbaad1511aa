-- What the chat shows again when a conversation is opened: whose it is, its messages, steps and cards, in the order they came.
-- The conversation itself is in LangGraph's checkpoints; this is its picture. "json", not "jsonb": the order of keys is kept.

CREATE TABLE chat_users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    identifier text NOT NULL UNIQUE,
    metadata json NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE chat_threads (
    id text PRIMARY KEY,
    user_id uuid REFERENCES chat_users ON DELETE CASCADE,
    name text,
    tags text[],
    metadata json NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX chat_threads_by_user ON chat_threads (user_id, changed_at DESC, id);

CREATE TABLE chat_steps (
    id text PRIMARY KEY,
    thread_id text NOT NULL REFERENCES chat_threads ON DELETE CASCADE,
    number bigint GENERATED ALWAYS AS IDENTITY,
    step json NOT NULL,
    feedback json
);

CREATE INDEX chat_steps_by_thread ON chat_steps (thread_id, number);

CREATE TABLE chat_elements (
    id text PRIMARY KEY,
    thread_id text NOT NULL REFERENCES chat_threads ON DELETE CASCADE,
    number bigint GENERATED ALWAYS AS IDENTITY,
    element json NOT NULL
);

CREATE INDEX chat_elements_by_thread ON chat_elements (thread_id, number);
