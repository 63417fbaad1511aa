"""How much of each prompt a prefix cache holds already: by ids of blocks, by shared prefixes, by the turns so
far of a session, or as a gateway counted it.

vLLM keeps whole blocks, and reckons at least the last token of a prompt anew, to have something to answer
from.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from knowledge.traffic.trace import Blocks, Ints, Trace

Basis = Literal["counted", "blocks", "prefixes", "turns"]
VLLM_BLOCK_TOKENS = 16
BLOCK_TOKENS = tuple(2**power for power in range(4, 13))
"""What a block may hold: 512 in Mooncake's traces, 16 in vLLM."""
MOST_ODD = 0.1
"""Of the prompts: with more that have another number of blocks, these aren't of that size."""


@dataclass(frozen=True)
class Reuse:
    """Tokens of each prompt that were in the cache, by what is known of them."""

    basis: Basis
    cached_tokens: Ints
    block_tokens: int = 0
    """Of a block, by `blocks`."""


def reuse(trace: Trace, cache_tokens: int | None = None) -> Reuse | None:
    """Under a cache that keeps everything, or, with `cache_tokens`, that many tokens and, when it is full,
    what was used last. Of what the trace tells, the surest: what was counted (whatever cache that was), ids
    of blocks, shared prefixes, turns. None where it tells nothing of prefixes.

    A request finds what all before it left, also those that arrived in the same moment.
    """
    if trace.cached_tokens is not None and (trace.cached_tokens > 0).any():
        return Reuse("counted", _whole(np.maximum(trace.cached_tokens, 0), trace, 1))
    if trace.blocks is not None and (size := block_tokens(trace)):
        room = None if cache_tokens is None else cache_tokens // size
        return Reuse("blocks", _whole(size * _blocks_found(trace.blocks, room), trace), size)
    if trace.prefixes is not None and trace.prefix_tokens is not None:
        found = _prefixes_found(trace.prefixes, trace.prefix_tokens, cache_tokens)
        return Reuse("prefixes", _whole(found, trace))
    if trace.sessions is not None:
        return Reuse("turns", _whole(_turns_found(trace, trace.sessions, cache_tokens), trace))
    return None


def _whole(cached: Ints, trace: Trace, block: int = VLLM_BLOCK_TOKENS) -> Ints:
    """In whole blocks, and never the whole prompt."""
    return np.minimum(cached, trace.prompt_tokens - 1) // block * block


def block_tokens(trace: Trace) -> int | None:
    """Of what size the blocks are: that by which most prompts have as many as they need. None if none is."""
    if trace.blocks is None:
        return None
    counts = np.diff(trace.blocks.starts)
    said = counts > 0
    right = [np.mean(-(-trace.prompt_tokens[said] // size) == counts[said]) for size in BLOCK_TOKENS]
    right += [np.mean(trace.prompt_tokens[said] // size == counts[said]) for size in BLOCK_TOKENS]
    best = int(np.argmax(right))
    return BLOCK_TOKENS[best % len(BLOCK_TOKENS)] if right[best] >= 1 - MOST_ODD else None


class _Kept:
    """What a cache holds, the last used last; of no limit where `room` is None."""

    def __init__(self, room: int | None) -> None:
        self._room, self._held = room, 0
        self._sizes: OrderedDict[Hashable, int] = OrderedDict()

    def found(self, key: Hashable) -> int:
        """The size of what is there; 0 for what isn't."""
        return self._sizes.get(key, 0)

    def use(self, key: Hashable, size: int) -> None:
        """It is there now, and was used last; what was used longest ago makes room."""
        self._held += size - self._sizes.pop(key, 0)
        self._sizes[key] = size
        while self._room is not None and self._held > self._room:
            _, gone = self._sizes.popitem(last=False)
            self._held -= gone


def _blocks_found(blocks: Blocks, room: int | None) -> Ints:
    """How many of each prompt's first blocks are there on end."""
    kept, found = _Kept(room), np.zeros(len(blocks.starts) - 1, dtype=np.int64)
    ids, starts = blocks.ids.tolist(), blocks.starts.tolist()
    for n in range(len(found)):
        own = ids[starts[n] : starts[n + 1]]
        found[n] = next((at for at, each in enumerate(own) if not kept.found(each)), len(own))
        # The last block first: of a prefix, the beginning is what others share.
        for each in reversed(own):
            kept.use(each, 1)
    return found


def _prefixes_found(prefixes: Ints, lengths: Ints, room: int | None) -> Ints:
    """A prefix that was seen before is there with all the tokens it has."""
    kept, found = _Kept(room), np.zeros(len(prefixes), dtype=np.int64)
    for n, prefix in enumerate(prefixes.tolist()):
        if prefix >= 0 and (tokens := int(lengths[prefix])) > 0:
            found[n] = kept.found(prefix)
            kept.use(prefix, tokens)
    return found


def _turns_found(trace: Trace, sessions: Ints, room: int | None) -> Ints:
    """The turn before and its answer, where a prompt is long enough to begin with both; that turn's prompt
    alone, where it is long enough for that; else it has been cut, or holds no earlier turns.
    """
    kept, found = _Kept(room), np.zeros(len(trace), dtype=np.int64)
    last: dict[int, tuple[int, int]] = {}
    columns = (sessions, trace.prompt_tokens, trace.output_tokens)
    for n, (session, prompt, answer) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        if session < 0:
            continue
        before, answered = last.get(session, (0, 0))
        shared = before + answered if prompt > before + answered else before if prompt > before else 0
        found[n] = min(shared, kept.found(session))
        kept.use(session, prompt + answer)
        last[session] = (prompt, answer)
    return found
