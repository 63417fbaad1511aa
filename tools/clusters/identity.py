"""Which cluster it is, whatever name a kubeconfig gives it: a context can be pointed at
another one between two messages.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Identity(BaseModel):
    """`uid` is that of the namespace kube-system, which a cluster keeps for life; "" where it can't be read.

    `server` is the address of the API server and `ca` the SHA-256 of what its certificate is checked with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    uid: str = ""
    server: str = ""
    ca: str = ""

    def is_other_than(self, other: Identity) -> bool:
        """Whether these are two clusters for certain: by their uids, or else by their
        servers. What isn't known differs from nothing.
        """
        if self.uid and other.uid:
            return self.uid != other.uid
        return bool(self.server and other.server) and (self.server, self.ca) != (other.server, other.ca)

    def __str__(self) -> str:
        return self.server or (f"kube-system {self.uid}" if self.uid else "unknown")
