"""The read-only tools that a chat model may call by itself: those that say so where they are defined.
`apply_to_cluster` is not among them, and can't be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel

from agent.services import Services
from knowledge.errors import CompassError
from tools.deploying.listing import owned_by
from tools.registry import TOOLS
from tools.tool import AnyTool


@dataclass(frozen=True)
class ReadTool:
    tool: AnyTool

    @property
    def name(self) -> str:
        return self.tool.name

    @property
    def request(self) -> type[BaseModel]:
        return self.tool.request

    def definition(self) -> dict[str, Any]:
        """In the form that `bind_tools` takes."""
        definition = convert_to_openai_tool(self.request)
        definition["function"] |= {"name": self.name, "description": self.tool.about}
        return definition

    def run(self, request: Any, services: Services) -> BaseModel:
        """A model sees what its person may see, and no more. Raises CompassError for a
        deployment of somebody else's, or none.
        """
        if self.tool.deployment:
            name = getattr(request, self.tool.deployment)
            if not owned_by(services.caller.actor, name, services.cluster, services.database):
                raise CompassError(f"There is no deployment {name} of yours.")
        needed = {need: getattr(services, need) for need in self.tool.needs}
        found: BaseModel = self.tool(request, **needed)
        return found


READ_TOOLS = {tool.name: ReadTool(tool) for tool in TOOLS.values() if tool.reads and tool.about}
