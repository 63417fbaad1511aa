"""Which checkpoints are wanted, where they aren't named: their sizes, and the formats of their weights."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from knowledge.formats import FORMAT_NAMES, formats_in_words
from knowledge.model import WeightFormat
from tools.specification.sizes import ModelSize, known_sizes, sizes_in_words
from tools.specification.spec import Spec

ModelSizes = Annotated[
    list[ModelSize],
    Field(
        description=(
            "Of all experts, in billions of parameters: “70B” for about that, “1-8B”, “<=14B”, “>=30B”; none"
            " means any"
        )
    ),
    Spec(
        label="Model sizes",
        called="choice of model sizes",
        group="constraints",
        names=known_sizes,
        listed=sizes_in_words,
        said=r"(?:model |parameter )?sizes?(?: of (?:the )?models?)?|parameter counts?",
        relaxed="a model of any size",
        unmet="a model of another size than you want",
    ),
]
WeightFormats = Annotated[
    list[WeightFormat],
    Field(description="Formats of the weights that are acceptable; none means any"),
    Spec(
        label="Weight formats",
        called="choice of weight formats",
        group="constraints",
        names=lambda: dict[str, str](FORMAT_NAMES),
        listed=formats_in_words,
        said=r"(?:weight )?formats?(?: of (?:the )?weights)?|quanti[sz]ations?|precisions?",
        relaxed="weights in any format",
        unmet="weights in another format than you want",
    ),
]
