"""What a chat runs with: its profile (plan only, simulate, deploy) and its settings
decide cluster, model and prices.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

from agent.runtime import Runtime
from knowledge.errors import CompassError
from knowledge.prices import prices
from knowledge.settings import Settings
from tools.clusters.contexts import contexts

PLAN, SIMULATE, DEPLOY = "Plan only", "Simulate", "Deploy"


@dataclass(frozen=True)
class Choice:
    """`prices` is the path of a CSV or ""; `cluster` counts for the profile Deploy alone."""

    profile: str
    model: str
    prices: str
    cluster: str


class Runtimes:
    """One runtime for each distinct choice, beside the server's own: they share its
    database and its locks.
    """

    def __init__(self, base: Runtime, local: bool) -> None:
        """`local`: everybody who gets in is the user of this machine, who may name
        its files and its clusters.
        """
        self.base = base
        self.local = local
        self._made: dict[Choice, Runtime] = {}
        self._guard = threading.Lock()

    @property
    def settings(self) -> Settings:
        return self.base.settings

    def clusters(self) -> list[str]:
        """Real clusters to deploy to: the configured one, and for a local user every
        context of the kubeconfig.
        """
        found = [] if self.settings.cluster == "sim" else [self.settings.cluster]
        more = [f"context:{name}" for name in contexts()] if self.local else []
        return list(dict.fromkeys([*found, *more]))

    def profiles(self) -> list[str]:
        """Those that are possible here; the first is the one to begin with."""
        if self.settings.read_only:
            return [PLAN]
        if self.settings.cluster != "sim":
            return [DEPLOY, SIMULATE, PLAN]
        return [SIMULATE, PLAN, *([DEPLOY] if self.clusters() else [])]

    def first(self, profile: str | None) -> Choice:
        """What a chat of this profile begins with."""
        possible = self.profiles()
        clusters = self.clusters()
        return Choice(
            profile=profile if profile in possible else possible[0],
            model=self.settings.model,
            prices=str(self.settings.prices or ""),
            cluster=clusters[0] if clusters else "sim",
        )

    def allowed(self, wanted: Choice) -> Choice:
        """The same, without what this user may not choose. Raises CompassError for
        what isn't possible at all.
        """
        if wanted.profile not in self.profiles():
            raise CompassError(
                f"The profile {wanted.profile} isn't possible here; {', '.join(self.profiles())} are."
            )
        if not self.local:
            first = self.first(wanted.profile)
            return replace(wanted, prices=first.prices, cluster=first.cluster, model=first.model)
        return wanted

    def of(self, choice: Choice) -> Runtime:
        """The runtime of a choice. Raises CompassError with a remedy for a model, a file
        or a cluster that can't be used.
        """
        choice = self.allowed(choice)
        with self._guard:
            if choice not in self._made:
                cluster = (
                    choice.cluster
                    if choice.profile == DEPLOY
                    else self.settings.cluster
                    if choice.profile == PLAN
                    else "sim"
                )
                settings = self.settings.model_copy(
                    update={
                        "model": choice.model,
                        "prices": Path(choice.prices).expanduser() if choice.prices else None,
                        "cluster": cluster,
                        "read_only": choice.profile == PLAN or self.settings.read_only,
                    }
                )
                prices(settings.prices)
                self._made[choice] = Runtime(settings, beside=self.base)
            return self._made[choice]
