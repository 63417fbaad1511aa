"""A specification that is written down rather than said: its plan, and what of it is shown."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from agent.manifests import manifest_request
from agent.runtime import Runtime
from agent.words.checks import in_sentences
from knowledge.errors import CompassError
from tools.manifests.digests import ManifestFile
from tools.manifests.served import arguments_of, inference_service_of
from tools.plan_capacity import PlanRequest, plan_capacity
from tools.planning.plan import Plan
from tools.render_manifest import render_manifest
from tools.specification import (
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_need,
)
from tools.traffic import map_to_benchmark_profile

SHOWN = 5


def planned(values: dict[str, Any], runtime: Runtime) -> dict[str, Any]:
    """The plan of a specification in which this alone was said, as a pause shows it; `arguments` are those of
    the first option's vLLM. What can't be planned is `refused`, in words.
    """
    try:
        intent, overrides = change_need(Intent(), Overrides(), SpecificationChange.model_validate(values))
        specification = build_specification(intent, overrides)
        profile = map_to_benchmark_profile(specification.traffic_profile)
        request = PlanRequest(specification=specification, benchmark_profile=profile, limit=SHOWN)
        found = plan_capacity(request, runtime.database)
        rendered = _rendered(found, specification, runtime)
    except ValidationError as error:
        return {"refused": in_sentences(error)}
    except (CompassError, ValueError) as error:
        return {"refused": str(error)}
    return {
        **found.model_dump(mode="json"),
        "specification": specification.model_dump(mode="json"),
        "fields": stated(intent, overrides),
        "arguments": arguments(rendered),
    }


def _rendered(found: Plan, specification: Specification, runtime: Runtime) -> list[ManifestFile]:
    """The manifests of the first option; none where there is none."""
    if not found.recommendations:
        return []
    first = found.recommendations[0]
    return render_manifest(manifest_request(first, specification, "asks", "asks", runtime.settings)).files


def arguments(files: list[ManifestFile]) -> dict[str, Any]:
    """Of the vLLM that manifests start, by name; whole numbers as such."""
    pairs = (a.removeprefix("--").partition("=") for a in arguments_of(inference_service_of(files)))
    return {name: int(value) if value.isdecimal() else value for name, _, value in pairs}


def stated(intent: Intent | None, overrides: Overrides | None) -> dict[str, Any]:
    """What the plan holds that stems from the person: fields of the intent,
    priorities by name, and overrides.
    """
    found = intent.model_dump(mode="json", exclude_defaults=True) if intent else {}
    priorities = found.pop("priorities", {})
    found |= {f"{name}_priority": level for name, level in priorities.items()}
    by_a_plan = {"relaxed_ms"}
    set_by = overrides.model_dump(mode="json", exclude_defaults=True, exclude=by_a_plan) if overrides else {}
    return found | set_by
