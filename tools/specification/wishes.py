"""What a person can say of their need, each field declared once; see `spec.Spec` for what is said of it."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from knowledge.catalogue import gpus, model_names, models_in_words, use_cases
from knowledge.model import LICENSE_KINDS, LicenseKind
from knowledge.prices import instance_types, prices
from knowledge.thinking import ThinkingMode
from tools.contract import Contract
from tools.specification.candidates import ModelSizes, WeightFormats
from tools.specification.owned import OwnedServers, listed
from tools.specification.spec import Spec, declared

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = get_args(Level)
MAX_USERS = 1_000_000_000
MAX_RATE = 10_000_000.0
DOMAINS = ("medical", "legal", "finance", "education", "multilingual")


def _models() -> dict[str, str]:
    return {one: one.split("/", 1)[1] for ids in model_names().values() for one in ids}


def _of_prices(what: Literal["provider", "region"]) -> dict[str, str]:
    """“any” is a provider's price wherever it is."""
    return {name: name for name in sorted({getattr(p, what) for p in prices()} - {"any"})}


def _same(names: Any) -> dict[str, str]:
    return {name: name for name in names}


class Wishes(Contract):
    """What can be said of a need; nothing is set unless it was."""

    use_case: Annotated[
        str | None,
        Spec(
            label="Use case",
            group="need",
            unset="not given",
            names=lambda: {key: case.title for key, case in use_cases().items()},
            known="use case",
        ),
    ] = None
    user_count: Annotated[
        int | None,
        Field(ge=1, le=MAX_USERS),
        Spec(label="Users", called="number of users", group="need", unset="not given", load=True),
    ] = None
    requests_per_second: Annotated[
        float | None,
        Field(gt=0, le=MAX_RATE, description="Peak, if given directly"),
        Spec(
            label="Peak rate",
            called="request rate",
            group="need",
            unit="requests/s",
            unset="not given",
            row="Peak",
            load=True,
        ),
    ] = None
    concurrent_requests: Annotated[
        float | None,
        Field(gt=0, le=MAX_RATE, description="Requests in flight at peak, if given directly"),
        Spec(
            label="Requests in flight",
            called="number of requests in flight",
            group="need",
            unset="not given",
            said=r"(?:concurrent|simultaneous|parallel) requests|concurrency",
            load=True,
        ),
    ] = None
    requests_per_day: Annotated[
        float | None,
        Field(gt=0, le=MAX_RATE * 86_400, description="If given directly"),
        Spec(
            label="Requests a day",
            called="number of requests a day",
            group="need",
            unset="not given",
            load=True,
        ),
    ] = None
    thinking: Annotated[
        ThinkingMode | None,
        Field(
            description=(
                "“on”: the model shall think before it answers; “off”: it shall not; none means unsaid"
            )
        ),
        Spec(
            label="Thinking",
            group="need",
            unset="not said",
            row="Thinking",
            names=lambda: {"off": "off: answers at once", "on": "on: thinks first"},
        ),
    ] = None
    budget_usd_per_month: Annotated[
        float | None,
        Field(gt=0, le=1e12),
        Spec(
            label="Budget",
            group="constraints",
            unit="USD a month",
            written="${} a month",
            unset="none",
            said=r"(?:monthly |total )?budgets?(?: limit| cap)?|spending limit|(?:cost|price) (?:cap|limit)",
        ),
    ] = None
    preferred_gpu_types: Annotated[
        list[str],
        Spec(
            label="GPUs",
            called="choice of GPUs",
            group="constraints",
            names=lambda: _same(gpus()),
            known="GPU",
        ),
    ] = []
    excluded_gpu_types: Annotated[
        list[str],
        Spec(
            label="Excluded GPUs", group="constraints", unset="none", names=lambda: _same(gpus()), known="GPU"
        ),
    ] = []
    preferred_models: Annotated[
        list[str],
        Spec(
            label="Models",
            called="choice of models",
            group="constraints",
            names=_models,
            known="model",
            listed=models_in_words,
            gives=False,
        ),
    ] = []
    excluded_models: Annotated[
        list[str],
        Spec(
            label="Excluded models",
            group="constraints",
            unset="none",
            names=_models,
            known="model",
            listed=models_in_words,
            relaxed="the models that you don't want as well",
        ),
    ] = []
    model_sizes: ModelSizes = []
    weight_formats: WeightFormats = []
    domain_specialization: Annotated[
        list[str],
        Spec(label="Domain", group="constraints", unset="none", names=lambda: _same(DOMAINS), gives=False),
    ] = []
    licenses: Annotated[
        list[LicenseKind],
        Field(description="Kinds of licence that are acceptable; none means any"),
        Spec(
            label="Licences",
            called="choice of licences",
            group="constraints",
            names=lambda: _same(LICENSE_KINDS),
            said="licen[cs]es?",
            relaxed="any licence",
            unmet="licence not among those accepted",
        ),
    ] = []
    providers: Annotated[
        list[str],
        Field(description="Cloud providers to price at; none means any"),
        Spec(
            label="Providers",
            called="choice of providers",
            group="constraints",
            names=lambda: _of_prices("provider"),
            relaxed="any provider",
        ),
    ] = []
    excluded_providers: Annotated[
        list[str],
        Spec(
            label="Excluded providers",
            group="constraints",
            unset="none",
            names=lambda: _of_prices("provider"),
        ),
    ] = []
    instance_types: Annotated[
        list[str],
        Field(description="Machines to price, as their providers call them; none means any"),
        Spec(
            label="Instance types",
            called="choice of instance types",
            group="constraints",
            names=lambda: _same(instance_types(prices())),
            relaxed="any instance type",
        ),
    ] = []
    regions: Annotated[
        list[str],
        Field(description="Regions to price in; none means any"),
        Spec(
            label="Regions",
            called="choice of regions",
            group="constraints",
            names=lambda: _of_prices("region"),
            relaxed="any region",
        ),
    ] = []
    excluded_regions: Annotated[
        list[str],
        Spec(label="Excluded regions", group="constraints", unset="none", names=lambda: _of_prices("region")),
    ] = []
    min_quality: Annotated[
        float | None,
        Field(gt=0, le=100, description="In percent; models of unknown quality don't qualify"),
        Spec(
            label="Quality",
            called="least quality",
            group="constraints",
            unit="%",
            bound="at least",
            said=r"(?:minimum |least |min )?(?:quality|accuracy)(?: score)?",
            unmet="quality too low or unknown",
        ),
    ] = None
    min_context_tokens: Annotated[
        int | None,
        Field(ge=1, le=100_000_000, description="Of the longest request that must be possible"),
        Spec(
            label="Context",
            called="least context",
            group="constraints",
            unit="tokens",
            bound="at least",
            means="the model's own, as far as memory holds it beside the planned load",
            said=r"(?:least )?contexts?(?: window| length| size)?",
            unmet="the model's context is too short",
        ),
    ] = None
    available_gpus: Annotated[
        dict[str, int],
        Field(description="GPUs that there are, by type; empty means any number of any type"),
        Spec(
            label="GPUs that there are",
            called="number of GPUs that there are",
            group="constraints",
            unset="any number",
            names=lambda: _same(gpus()),
            known="GPU",
            relaxed="rented GPUs",
        ),
    ] = {}
    owned: Annotated[
        list[OwnedServers],
        BeforeValidator(listed),
        Field(description="Servers that there are, for nothing or at one's own price; empty means any"),
        Spec(
            label="Own servers",
            called="servers that you own",
            group="constraints",
            unset="none",
            names=lambda: _same(gpus()),
            known="GPU",
            said=r"(?:own(?:ed)?|our) servers?",
            relaxed="rented GPUs",
        ),
    ] = []


class Weights(Contract):
    """What matters how much, as it is said; kept in `Priorities`."""

    cost_priority: Annotated[
        Level | None,
        Spec(
            label="Cost matters",
            called="weight of cost",
            group="need",
            row="Priorities",
            names=lambda: _same(LEVELS),
        ),
    ] = None
    latency_priority: Annotated[
        Level | None,
        Spec(
            label="Latency matters",
            called="weight of latency",
            group="need",
            row="Priorities",
            names=lambda: _same(LEVELS),
        ),
    ] = None
    accuracy_priority: Annotated[
        Level | None,
        Spec(
            label="Accuracy matters",
            called="weight of accuracy",
            group="need",
            row="Priorities",
            names=lambda: _same(LEVELS),
        ),
    ] = None


class Priorities(Contract):
    """Medium unless the person said otherwise."""

    cost: Level = "medium"
    latency: Level = "medium"
    accuracy: Level = "medium"


LOADS = tuple(field.name for field in declared(Wishes) if field.spec.load)
"""Ways to say how much there is to do; they exclude each other, and the latest word counts."""
STOCK = ("available_gpus", "owned")
"""Ways to say what hardware there is, by how many GPUs or by servers; the latest word counts."""


class Intent(Wishes):
    """What the person said they need, and nothing they didn't say."""

    priorities: Priorities = Priorities()

    @property
    def complete(self) -> bool:
        """Enough to plan with."""
        return self.use_case is not None and any(getattr(self, name) is not None for name in LOADS)
