"""The six typed tools and the logic behind them. Knows nothing of agent/.

`lookup_slo_template`, `query_benchmarks`, `plan_capacity`, `render_manifest` and `get_status` read;
`apply_to_cluster` writes, and refuses without an approval of exactly what it is given.
"""
