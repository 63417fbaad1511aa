"""What GPUs cost: the shipped on-demand prices, and a person's own."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from knowledge.catalogue import gpus
from knowledge.entries import data_text, validated
from knowledge.errors import CompassError

HOURS_PER_MONTH = 730
"""8,760 hours a year over 12 months."""
PER_GPU = "per-GPU rate"


class Price(BaseModel):
    """An on-demand price of one GPU for one hour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gpu_type: str
    provider: str
    region: str
    instance_type: str
    gpus_per_instance: int = Field(gt=0)
    usd_per_gpu_hour: float = Field(gt=0)
    effective_date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    source: str = Field(min_length=1)

    @property
    def by_the_gpu(self) -> bool:
        """Any number of GPUs can be rented; otherwise whole machines of `gpus_per_instance`."""
        return self.instance_type == PER_GPU


def prices(own_file: Path | None = None) -> tuple[Price, ...]:
    """The shipped prices; of a GPU type that a person's own file lists, only those of that file.

    That file is read each time, so that what is edited there counts at once; as long as it says the same, the
    tuple is the same. Raises CompassError if it can't be used.
    """
    if own_file is None:
        return _shipped()
    try:
        text = own_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CompassError(f"COMPASS_PRICES names {own_file}, which can't be read: {error}.") from error
    return _beside_shipped(text, own_file.name)


@cache
def _shipped() -> tuple[Price, ...]:
    return _listed(data_text("prices.csv"), "prices.csv")


@lru_cache(maxsize=8)
def _beside_shipped(text: str, file: str) -> tuple[Price, ...]:
    own = _listed(text, file)
    unknown = {p.gpu_type for p in own} - gpus().keys()
    if unknown or not own:
        found = (
            f"the GPU types {', '.join(sorted(unknown))}, which the catalogue lacks"
            if unknown
            else "no prices"
        )
        raise CompassError(
            f"{file}, named by COMPASS_PRICES, holds {found}. Columns: {', '.join(Price.model_fields)}."
        )
    return tuple(p for p in _shipped() if p.gpu_type not in {o.gpu_type for o in own}) + own


def instance_types(listed: Iterable[Price]) -> list[str]:
    """Machines that are sold whole, as their providers call them."""
    return sorted({price.instance_type for price in listed if not price.by_the_gpu})


def _listed(text: str, file: str) -> tuple[Price, ...]:
    return validated(Price, csv.DictReader(text.splitlines()), file, "instance_type")
