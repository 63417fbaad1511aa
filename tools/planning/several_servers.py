"""Models that no single server holds: how many it takes is told before anyone chooses, since nothing
that spans servers can be rendered yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from knowledge.catalogue import models
from knowledge.estimator.grids import GPU_COUNTS
from knowledge.estimator.several_servers import servers_needed
from tools.planning.constraints import suitable_models, wanted_gpu_types
from tools.planning.inventory import owned_by
from tools.planning.plan import SeveralServers
from tools.specification import Specification
from tools.wording import short_name

MOST_NAMED = 3


def several_servers(specification: Specification) -> list[SeveralServers]:
    """For models that the person named, on each GPU type that may be used; for others, where the person
    named GPUs, and no checkpoint of the same model fits on one server of them. The fewest servers first.
    """
    intent, tokens = specification.intent, specification.longest.tokens
    named = set(intent.preferred_models)
    if not (named or intent.preferred_gpu_types or intent.available_gpus or intent.owned):
        return []
    found = [
        one
        for gpu, (each, there) in _servers(specification).items()
        for one in _on(gpu, each, there, suitable_models(intent), named, tokens)
    ]
    return sorted(found, key=lambda one: (one.servers, one.servers * one.gpus_per_server))


def _servers(specification: Specification) -> Mapping[str, tuple[int, int | None]]:
    """GPUs of one server, as many as a replica can be split over, and how many such servers there are, for
    each type that may be used.
    """
    wanted, owned = wanted_gpu_types(specification.intent), owned_by(specification.intent)
    if not owned:
        return {gpu: (max(GPU_COUNTS), None) for gpu in wanted}
    found: dict[str, tuple[int, int | None]] = {}
    for gpu in (g for g in wanted if any(o.gpu_type == g for o in owned)):
        of_type = [o for o in owned if o.gpu_type == gpu]
        each = max(n for n in GPU_COUNTS if n <= max(o.gpus_per_server for o in of_type))
        found[gpu] = each, sum(o.servers * (o.gpus_per_server // each) for o in of_type)
    return found


def _on(
    gpu: str, each: int, there: int | None, model_ids: Sequence[str], named: set[str], tokens: int
) -> Iterator[SeveralServers]:
    counts = [n for n in GPU_COUNTS if n <= each]
    fits = {m for m in model_ids if any(servers_needed(m, gpu, n, tokens) == 1 for n in counts)}
    bases = {models()[m].base_id or m for m in fits}
    for model_id in model_ids:
        if model_id in fits or (model_id not in named and (models()[model_id].base_id or model_id) in bases):
            continue
        servers = servers_needed(model_id, gpu, each, tokens)
        if servers is not None:
            yield SeveralServers(
                model_id=model_id,
                gpu_type=gpu,
                servers=servers,
                gpus_per_server=each,
                tokens=tokens,
                servers_there=there,
            )


def several_servers_in_words(found: Sequence[SeveralServers]) -> str:
    """A sentence; "" for none."""
    if not found:
        return ""
    told = [
        f"{short_name(one.model_id)} needs {one.servers} servers of {one.gpus_per_server} × {one.gpu_type}"
        + ("" if one.servers_there is None else f" (you have {one.servers_there})")
        for one in found[:MOST_NAMED]
    ]
    more = f" (and {len(found) - MOST_NAMED} more)" if len(found) > MOST_NAMED else ""
    return (
        f"Too large for one server: {', '.join(told)}{more}, to hold a request of {found[0].tokens:,} tokens;"
        " Compass can’t render multi-node yet."
    )
