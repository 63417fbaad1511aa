"""What is to be planned for: each field declared once, what a person said of them, the whole
specification that comes of it, and its changes.

`wishes` and `overrides` declare the fields; `spec` says what is declared of one.
"""

from tools.specification.asking import targets_asked
from tools.specification.assumptions import Assumption
from tools.specification.change import (
    WISHES,
    SpecificationChange,
    change_intent,
    change_need,
    change_overrides,
    change_specification,
    of_a_trace,
)
from tools.specification.demand import MIN_RATE, Demand
from tools.specification.fields import CONSTRAINTS, FIELDS, KINDS, Clearable, Figure, Kind
from tools.specification.longest import LongestRequest, tokens_asked
from tools.specification.overrides import TARGETS, Overrides
from tools.specification.owned import MAX_GPUS, MAX_SERVERS, PARTS, OwnedServers
from tools.specification.relative import NothingToStartFrom
from tools.specification.spec import Declared, Group, Shape, Spec
from tools.specification.told import Row, difference, noted, told, unchanged
from tools.specification.traced import of_trace
from tools.specification.whole import Specification, build_specification, with_defaults
from tools.specification.wishes import LOADS, STOCK, Intent, Priorities

__all__ = [
    "CONSTRAINTS",
    "FIELDS",
    "KINDS",
    "LOADS",
    "MAX_GPUS",
    "MAX_SERVERS",
    "MIN_RATE",
    "PARTS",
    "STOCK",
    "TARGETS",
    "WISHES",
    "Assumption",
    "Clearable",
    "Declared",
    "Demand",
    "Figure",
    "Group",
    "Intent",
    "Kind",
    "LongestRequest",
    "NothingToStartFrom",
    "Overrides",
    "OwnedServers",
    "Priorities",
    "Row",
    "Shape",
    "Spec",
    "Specification",
    "SpecificationChange",
    "build_specification",
    "change_intent",
    "change_need",
    "change_overrides",
    "change_specification",
    "difference",
    "noted",
    "of_a_trace",
    "of_trace",
    "targets_asked",
    "tokens_asked",
    "told",
    "unchanged",
    "with_defaults",
]
