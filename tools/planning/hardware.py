"""Hardware that a question is about: so many servers with so many GPUs of a type each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import Field, field_validator

from knowledge.catalogue import gpus
from knowledge.errors import CompassError
from tools.contract import Contract
from tools.planning.inventory import owned_by
from tools.specification import MAX_GPUS, Intent


class Hardware(Contract):
    """Servers that are alike; GPUs of which only the number is known are one server."""

    gpu_type: str
    gpus_per_server: int = Field(ge=1, le=MAX_GPUS)
    servers: int = Field(default=1, ge=1, le=1000)

    @field_validator("gpu_type")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in gpus():
            raise ValueError(
                f"there is no GPU “{value[:60]}” in the catalogue; known are {', '.join(gpus())}"
            )
        return value

    @property
    def gpus(self) -> int:
        return self.servers * self.gpus_per_server

    def __str__(self) -> str:
        each = f"{self.gpus_per_server:,} × {self.gpu_type}"
        return each if self.servers == 1 else f"{self.servers:,} servers of {each}"


def hardware_typed(text: str) -> Hardware:
    """“8xH100”, “2x8xH100”. Raises CompassError for anything else."""
    read = re.fullmatch(r"\s*(?:(\d{1,4})\s*[x×])?\s*(\d{1,5})\s*[x×]\s*([\w-]+)\s*", text)
    try:
        if read is None:
            raise ValueError
        return Hardware(gpu_type=read[3], gpus_per_server=int(read[2]), servers=int(read[1] or 1))
    except ValueError as error:
        raise CompassError(
            f"“{text[:60]}” isn't hardware: write “8xH100”, or “2x8xH100” for two servers with 8 H100 each,"
            f" with one of {', '.join(gpus())}."
        ) from error


def hardware_in_words(hardware: Sequence[Hardware]) -> str:
    return " and ".join(map(str, hardware))


def hardware_of(intent: Intent) -> list[Hardware]:
    """What a specification says that there is; nothing where any number may be rented."""
    return [
        Hardware(gpu_type=one.gpu_type, gpus_per_server=one.gpus_per_server, servers=one.servers)
        for one in owned_by(intent)
    ]


def room(hardware: Sequence[Hardware], gpu_type: str, gpu_count: int) -> int:
    """Replicas of `gpu_count` GPUs that it holds: none spans two servers."""
    return sum(h.servers * (h.gpus_per_server // gpu_count) for h in hardware if h.gpu_type == gpu_type)


def left(hardware: Sequence[Hardware], gpu_type: str, gpu_count: int) -> int:
    """GPUs of a type that such replicas leave over."""
    there = sum(h.gpus for h in hardware if h.gpu_type == gpu_type)
    return there - gpu_count * room(hardware, gpu_type, gpu_count)
