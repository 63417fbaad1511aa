"""All tools, by name. Who offers them to chat models, and who counts what was read and written, asks here."""

from __future__ import annotations

from tools.apply_to_cluster import apply_to_cluster
from tools.batch import batch
from tools.capacity import capacity
from tools.compare_splits import compare_splits
from tools.get_status import get_status
from tools.lookup_slo_template import lookup_slo_template
from tools.plan_capacity import plan_capacity
from tools.query_benchmarks import query_benchmarks
from tools.read_traffic import read_traffic
from tools.render_manifest import render_manifest
from tools.tool import AnyTool
from tools.validate_endpoint import validate_endpoint
from tools.why_not import why_not

EVERY: tuple[AnyTool, ...] = (
    lookup_slo_template,
    query_benchmarks,
    plan_capacity,
    why_not,
    read_traffic,
    capacity,
    compare_splits,
    batch,
    render_manifest,
    apply_to_cluster,
    validate_endpoint,
    get_status,
)
TOOLS: dict[str, AnyTool] = {tool.name: tool for tool in EVERY}
