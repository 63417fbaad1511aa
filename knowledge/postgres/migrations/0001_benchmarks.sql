-- One replica under one traffic shape at one request rate; latencies in milliseconds.
CREATE TABLE benchmarks (
    model_id            text NOT NULL,
    gpu_type            text NOT NULL,
    gpu_count           integer NOT NULL CHECK (gpu_count > 0),
    prompt_tokens       integer NOT NULL CHECK (prompt_tokens > 0),
    output_tokens       integer NOT NULL CHECK (output_tokens > 0),
    requests_per_second double precision NOT NULL CHECK (requests_per_second > 0),
    ttft_p50_ms double precision NOT NULL CHECK (ttft_p50_ms > 0),
    ttft_p90_ms double precision NOT NULL CHECK (ttft_p90_ms >= ttft_p50_ms),
    ttft_p95_ms double precision NOT NULL CHECK (ttft_p95_ms >= ttft_p90_ms),
    ttft_p99_ms double precision NOT NULL CHECK (ttft_p99_ms >= ttft_p95_ms),
    itl_p50_ms  double precision NOT NULL CHECK (itl_p50_ms > 0),
    itl_p90_ms  double precision NOT NULL CHECK (itl_p90_ms >= itl_p50_ms),
    itl_p95_ms  double precision NOT NULL CHECK (itl_p95_ms >= itl_p90_ms),
    itl_p99_ms  double precision NOT NULL CHECK (itl_p99_ms >= itl_p95_ms),
    e2e_p50_ms  double precision NOT NULL CHECK (e2e_p50_ms > 0),
    e2e_p90_ms  double precision NOT NULL CHECK (e2e_p90_ms >= e2e_p50_ms),
    e2e_p95_ms  double precision NOT NULL CHECK (e2e_p95_ms >= e2e_p90_ms),
    e2e_p99_ms  double precision NOT NULL CHECK (e2e_p99_ms >= e2e_p95_ms),
    provenance  text NOT NULL CHECK (provenance IN ('measured', 'observed', 'estimated')),
    source      text NOT NULL,
    engine      text NOT NULL,
    date        text NOT NULL,
    shipped     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (prompt_tokens, output_tokens, model_id, gpu_type, gpu_count, requests_per_second, provenance, source)
);

-- Which version of each shipped data file is loaded.
CREATE TABLE shipped_data (
    name      text PRIMARY KEY,
    digest    text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);
