-- What an endpoint did when it was validated, as its clients would see it; `report` is the whole of it.
CREATE TABLE validations (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    approval_id uuid NOT NULL REFERENCES approvals (id),
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome     text NOT NULL CHECK (outcome IN ('pass', 'warn', 'fail')),
    report      jsonb NOT NULL
);
CREATE INDEX validations_of_an_approval ON validations (approval_id, at);

-- Upper bounds in seconds of the buckets of TTFT, ITL and E2E; nearly always those of one version of vLLM.
CREATE TABLE histogram_layouts (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bounds jsonb NOT NULL UNIQUE
);

-- What the replicas of an approved deployment did between two looks at them; older ones are added up by the hour, then by the day.
-- `counts` are the buckets of TTFT, ITL and E2E, one after the other. `judged` windows had requests and targets, `held` held them.
CREATE TABLE outcomes (
    approval_id   uuid NOT NULL REFERENCES approvals (id),
    began_at      timestamptz NOT NULL,
    ended_at      timestamptz NOT NULL CHECK (ended_at >= began_at),
    requests      bigint NOT NULL,
    failed        bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    seconds       real NOT NULL,
    layout        integer NOT NULL REFERENCES histogram_layouts (id),
    judged        integer NOT NULL,
    held          integer NOT NULL,
    replicas      smallint NOT NULL,
    grain         "char" NOT NULL DEFAULT 'w' CHECK (grain IN ('w', 'h', 'd')),
    counts        integer[] NOT NULL
);
CREATE INDEX outcomes_of_an_approval ON outcomes (approval_id, ended_at);
CREATE INDEX outcomes_to_add_up ON outcomes (grain, ended_at);

-- The last two looks at each deployment: the next window begins where the last one ended, whoever looks.
CREATE TABLE scrapes (
    approval_id uuid PRIMARY KEY REFERENCES approvals (id) ON DELETE CASCADE,
    last        jsonb NOT NULL,
    previous    jsonb
);
