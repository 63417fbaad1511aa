-- Sources that don't state every percentile, means, throughput, and loads given as a number of requests in flight.
ALTER TABLE benchmarks
    ADD COLUMN ttft_mean_ms double precision CHECK (ttft_mean_ms > 0),
    ADD COLUMN itl_mean_ms  double precision CHECK (itl_mean_ms > 0),
    ADD COLUMN e2e_mean_ms  double precision CHECK (e2e_mean_ms > 0),
    ADD COLUMN output_tokens_per_second double precision CHECK (output_tokens_per_second > 0),
    ADD COLUMN concurrency  integer CHECK (concurrency > 0),
    ALTER COLUMN ttft_p50_ms DROP NOT NULL, ALTER COLUMN ttft_p90_ms DROP NOT NULL,
    ALTER COLUMN ttft_p95_ms DROP NOT NULL, ALTER COLUMN ttft_p99_ms DROP NOT NULL,
    ALTER COLUMN itl_p50_ms  DROP NOT NULL, ALTER COLUMN itl_p90_ms  DROP NOT NULL,
    ALTER COLUMN itl_p95_ms  DROP NOT NULL, ALTER COLUMN itl_p99_ms  DROP NOT NULL,
    ALTER COLUMN e2e_p50_ms  DROP NOT NULL, ALTER COLUMN e2e_p90_ms  DROP NOT NULL,
    ALTER COLUMN e2e_p95_ms  DROP NOT NULL, ALTER COLUMN e2e_p99_ms  DROP NOT NULL,
    ADD CHECK (coalesce(ttft_p95_ms, ttft_mean_ms) IS NOT NULL),
    ADD CHECK (coalesce(itl_p95_ms, itl_mean_ms) IS NOT NULL),
    ADD CHECK (coalesce(e2e_p95_ms, e2e_mean_ms) IS NOT NULL);
-- An index as narrow as the one query needs: with the whole key and its source it was larger than the table.
ALTER TABLE benchmarks DROP CONSTRAINT benchmarks_pkey;
CREATE INDEX benchmarks_by_profile_and_model ON benchmarks (prompt_tokens, output_tokens, model_id);
