"""Servers that somebody owns, and how they are typed: “2x8xH100”, “4xL40S”, “8xH100@1.90”."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from knowledge.catalogue import gpus
from tools.contract import Contract
from tools.specification.spec import Declared, Spec, declared
from tools.wording import an_hour

MAX_SERVERS = MAX_GPUS = 10_000
"""Nobody has more for one endpoint."""
_TIMES = r"(-?\d+)\s*[x×*]\s*"
_TYPED = re.compile(rf"(?:{_TIMES})?{_TIMES}([^@]*[^@\s])\s*(?:@\s*\$?(-?\d+(?:\.\d+)?))?", re.IGNORECASE)


class OwnedServers(Contract):
    """So many servers with so many GPUs of one type each. One server also stands for GPUs of which
    nobody said how they are spread.
    """

    model_config = ConfigDict(frozen=True)

    servers: Annotated[
        int, Field(ge=1, le=MAX_SERVERS), Spec(label="Servers", called="number of servers")
    ] = 1
    gpus_per_server: Annotated[
        int,
        Field(ge=1, le=MAX_GPUS),
        Spec(label="GPUs in each server", called="number of GPUs in each server"),
    ]
    gpu_type: Annotated[str, Spec(label="GPUs of the servers", called="GPU type of the servers")]
    usd_per_gpu_hour: Annotated[
        float | None,
        Field(gt=0, le=1000, description="One's own price for what is used; none for none"),
        Spec(label="Own price", unit="USD per GPU-hour"),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _as_typed(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        read = _TYPED.fullmatch(value.strip())
        if read is None:
            raise ValueError(
                f"“{value.strip()[:60]}” isn't servers that you own: write them as “2x8xH100” (2 servers with"
                " 8 H100 each), “4xL40S”, or “8xH100@1.90” with your own price in USD per GPU-hour"
            )
        servers, each, called, usd = read.groups()
        return {
            "servers": servers or 1,
            "gpus_per_server": each,
            "gpu_type": catalogued(called),
            "usd_per_gpu_hour": usd,
        }

    @property
    def gpus(self) -> int:
        """In all of them."""
        return self.servers * self.gpus_per_server

    @property
    def typed(self) -> str:
        """As `compass recommend --owned` takes it."""
        servers = f"{self.servers}x" if self.servers > 1 else ""
        usd = f"@{self.usd_per_gpu_hour:.12g}" if self.usd_per_gpu_hour else ""
        return f"{servers}{self.gpus_per_server}x{self.gpu_type}{usd}"

    def __str__(self) -> str:
        each = f"{self.gpus_per_server} {self.gpu_type}"
        servers = f"{self.servers:,} servers with {each} each" if self.servers > 1 else each
        usd = self.usd_per_gpu_hour
        return f"{servers} at {an_hour(usd)} per GPU-hour" if usd else servers


PARTS: dict[str, Declared] = {part.name: part for part in declared(OwnedServers)}
"""What servers are told by."""


def catalogued(called: str) -> str:
    """The catalogue's name of a GPU type, however it is written; as it is where the catalogue lacks it."""
    plain = re.sub(r"[\s_-]+", " ", called).strip().lower()
    for gpu in gpus().values():
        if plain in (re.sub(r"[\s_-]+", " ", name).lower() for name in (gpu.id, *gpu.aliases)):
            return gpu.id
    return called


def listed(value: Any) -> Any:
    """Servers as they are typed in one line, “2x8xH100, 4xL40S”, one by one."""
    return [one for one in re.split(r"\s*[,;]\s*", value.strip()) if one] if isinstance(value, str) else value
