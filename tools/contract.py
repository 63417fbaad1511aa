"""What every typed input and output of a tool, a route and a reply is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """What crosses an edge: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")
