"""Does a model fit on several servers where one doesn't hold it: tensor parallel within each, pipeline
parallel across them?
"""

from __future__ import annotations

import math
from functools import lru_cache

from knowledge.catalogue import gpus, models
from knowledge.estimator.memory import GIB, cache_of, runs_on, tensor_parallel_possible

MOST_SERVERS = 8


@lru_cache(maxsize=16_384)
def servers_needed(model_id: str, gpu_type: str, gpus_per_server: int, tokens: int) -> int | None:
    """The fewest servers whose GPUs, all of them, hold the weights and one request of so many tokens, prompt
    and answer together; None where MOST_SERVERS don't, or where the model can't be split over a server's GPUs
    or has no context that long.

    Layers are spread evenly over the servers, embeddings with them: the server with the most layers must hold
    its share of the weights and of the cache beside activations and drivers, as `memory` has them.
    """
    model, gpu = models()[model_id], gpus()[gpu_type]
    splits = tensor_parallel_possible(model, gpus_per_server) and runs_on(model, gpu)
    if not splits or model.context_tokens < tokens:
        return None
    cache = cache_of(model, gpu, gpus_per_server)
    free = cache.budget_gib - cache.activations_gib - cache.non_torch_gib
    needed = cache.weights_gib + cache.bytes_of(tokens) / GIB
    for servers in range(1, MOST_SERVERS + 1):
        if needed * math.ceil(model.layers / servers) / model.layers <= free:
            return servers
    return None
