"""The read-only tools that a chat model may call by itself. `apply_to_cluster` is not here, and can't be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel

from agent.services import Services
from knowledge.errors import CompassError
from tools.deploying.listing import owned_by
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.lookup_slo_template import SloTemplateQuery, lookup_slo_template
from tools.query_benchmarks import BenchmarkQuery, query_benchmarks


@dataclass(frozen=True)
class ReadTool:
    name: str
    description: str
    request: type[BaseModel]
    run: Callable[[Any, Services], BaseModel]

    def definition(self) -> dict[str, Any]:
        """In the form that `bind_tools` takes."""
        definition = convert_to_openai_tool(self.request)
        definition["function"] |= {"name": self.name, "description": self.description}
        return definition


def _own_status(query: StatusQuery, services: Services) -> DeploymentStatus:
    """A model sees what its person may see, and no more. Raises CompassError for a
    deployment of somebody else's, or none.
    """
    if not owned_by(services.caller.actor, query.name, services.cluster, services.database):
        raise CompassError(f"There is no deployment {query.name} of yours.")
    return get_status(query, services.cluster, services.database)


READ_TOOLS = {
    tool.name: tool
    for tool in (
        ReadTool(
            "lookup_slo_template",
            "Default targets, traffic and demand assumptions of a use case.",
            SloTemplateQuery,
            lambda request, services: lookup_slo_template(request),
        ),
        ReadTool(
            "query_benchmarks",
            "What the benchmark table holds for models and GPUs under one traffic profile.",
            BenchmarkQuery,
            lambda request, services: query_benchmarks(request, services.database),
        ),
        ReadTool(
            "get_status",
            "How a deployment of this person is doing in the cluster.",
            StatusQuery,
            lambda request, services: _own_status(request, services),
        ),
    )
}
