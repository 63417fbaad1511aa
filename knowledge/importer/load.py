"""How the requests of a row were sent and what became of them: whether its latencies say
what arrivals at a rate would meet.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_FAILED = 0.05
"""Of those that ended: beyond that a server sheds load, and what it still answers looks fast."""
MOST_UNFINISHED = 0.5


@dataclass(frozen=True)
class Load:
    """`offered_per_second` is the rate of the arrivals, None where the next request
    waited for an answer. Counts are None if not told.
    """

    at_once: bool = False
    offered_per_second: float | None = None
    succeeded: int | None = None
    failed: int = 0
    unfinished: int = 0
    shared_prefix_tokens: int = 0
    turns: int = 1

    def kept_apart(self) -> str | None:
        """Why plans can't read latencies over a rate from it; None where they can."""
        ended = (self.succeeded or 0) + self.failed
        sent = ended + self.unfinished
        if self.succeeded == 0:
            return f"none of its {sent:,} requests succeeded"
        if self.at_once:
            return (
                "its requests were sent all at once, which bounds the throughput and says nothing of the"
                " latencies at a rate"
            )
        if self.failed > MOST_FAILED * ended:
            return (
                f"{self.failed:,} of {ended:,} requests failed, and the others' latencies aren't those of a"
                " server that serves all"
            )
        if self.succeeded is not None and self.unfinished > MOST_UNFINISHED * sent:
            return (
                f"{self.unfinished:,} of {sent:,} requests were unfinished at its end: that rate is more than"
                " it serves"
            )
        if self.shared_prefix_tokens:
            return (
                f"its prompts share {self.shared_prefix_tokens:,} tokens, which the server keeps; plans are"
                " for prompts that share none"
            )
        if self.turns > 1:
            return (
                f"its conversations have {self.turns} turns, whose prompts repeat what the server keeps;"
                " plans are for others"
            )
        return None
