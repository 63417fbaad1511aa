"""What a process that died left half applied is finished by any `compass serve`: at
its start, and from time to time.
"""

from __future__ import annotations

import logging
import threading

from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
from tools.clusters.cluster import Cluster
from tools.clusters.writer import Writer
from tools.deploying.cut import Cut, can_be_finished, cut_off

log = logging.getLogger("agent.finishing")
EVERY_S = 30.0


class Finisher:
    """A thread of its own until `close`. In read-only mode it does nothing."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="finishing", daemon=True)
        if not settings.read_only:
            self._thread.start()

    def close(self) -> None:
        """What is being finished is finished first."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                finish_cut_off(self._settings, self._database)
            except CompassError as error:  # no database: the next time
                log.warning("%s", error)
            except Exception:  # the next time must come whatever happened
                log.exception("finishing failed")
            self._closed.wait(EVERY_S)


def finish_cut_off(settings: Settings, database: Database) -> list[str]:
    """Finish what can be, and return the ids of those approvals.

    Two processes may do this at once: an approval is used by one at a time, and the other finds it used.
    Raises CompassError without a database; what a cluster refuses is on the audit log.
    """
    finished = []
    for cut in cut_off(database):
        try:
            if _finished(cut, settings, database):
                finished.append(cut.approval.id)
                log.info("finished what was cut off: %s", cut.approval.id)
        except CompassError as error:
            log.warning("what was cut off can't be finished: %s", error)
    return finished


def _finished(cut: Cut, settings: Settings, database: Database) -> bool:
    approval = cut.approval
    if approval.namespace != settings.namespace:
        return False
    if approval.cluster == "sim" and not (settings.home_dir / "simulator.json").exists():
        return False  # another machine's, and not to be started here
    cluster = Cluster(settings.model_copy(update={"cluster": approval.cluster}))
    if not can_be_finished(cut, cluster):
        return False
    apply_to_cluster(
        ApplyRequest(approval_id=approval.id, files=approval.files, action=approval.action),
        database,
        Writer(cluster),
    )
    return True
