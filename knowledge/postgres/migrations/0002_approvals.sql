-- A person's approval of one manifest digest for one target; used at most once.
CREATE TABLE approvals (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    thread_id    text NOT NULL,
    interrupt_id text NOT NULL,
    digest       text NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    cluster      text NOT NULL,
    namespace    text NOT NULL,
    actor        text NOT NULL,
    approved_at  timestamptz NOT NULL DEFAULT now(),
    status       text NOT NULL DEFAULT 'approved' CHECK (status IN ('approved', 'applying', 'applied')),
    applied_at   timestamptz,
    UNIQUE (thread_id, interrupt_id)
);
