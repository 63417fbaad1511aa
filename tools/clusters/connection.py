"""The connection that `COMPASS_CLUSTER` names: the simulator, or one context of the
kubeconfig, with time-outs and retries.

The default never touches a real cluster, whatever kubeconfig is lying around.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from knowledge.errors import CompassError
from knowledge.settings import Settings
from tools.clusters.identity import Identity
from tools.clusters.kinds import Kinds, group_path
from tools.clusters.kubeconfig import client_of
from tools.clusters.refusals import Refused, is_of_an_object, refusal
from tools.clusters.simulated import simulator_address
from tools.clusters.wire import watched
from tools.wording import capital

log = logging.getLogger("agent.clusters")
REQUEST_TIMEOUT_S = 15
LONGEST_RETRY_AFTER_S = 20
BACK_OFF_S = 0.2
RETRIED = (429, 500, 502, 503, 504)
CONNECTIONS = 64
"""Kept open at most: as many turns as may ask at once."""
OFFERS_FOR_S = 30.0
"""How long an answer about what is installed is taken as still true."""


class Connection:
    """Connects at the first call; one serves all turns at once. Every error of the wire
    becomes a CompassError that names the call.
    """

    def __init__(self, settings: Settings) -> None:
        """Raises CompassError for a setting that is neither `sim` nor `context:NAME`."""
        self.target = settings.cluster
        self._settings = settings
        self._dynamic: Any = None
        self._connecting = threading.Lock()
        self._offers: dict[tuple[str, str], tuple[float, bool]] = {}
        self._identity: tuple[float, Any, Identity] = (0.0, None, Identity())
        if self.target != "sim" and not self.target.removeprefix("context:"):
            raise CompassError(
                "COMPASS_CLUSTER=context: names no context. Write context:NAME with a name from `kubectl"
                " config get-contexts`."
            )
        if self.target != "sim" and not self.target.startswith("context:"):
            raise CompassError(f"COMPASS_CLUSTER is {self.target!r}. It takes 'sim' or 'context:NAME'.")

    @property
    def simulated(self) -> bool:
        return self.target == "sim"

    @property
    def description(self) -> str:
        return (
            "the simulated cluster"
            if self.simulated
            else f"the cluster of kubeconfig context {self.target.removeprefix('context:')!r}"
        )

    def resource(self, api_version: str, kind: str) -> Any:
        """The dynamic client's resource. Raises CompassError for a kind that Compass doesn't work with."""
        return self.client().resources.get(api_version=api_version, kind=kind)

    def offers(self, api_version: str, kind: str) -> bool:
        """Whether the server knows a kind, asked anew after OFFERS_FOR_S. Raises
        CompassError if it can't be asked.
        """
        from kubernetes.dynamic.exceptions import NotFoundError

        at, known = self._offers.get((api_version, kind), (-OFFERS_FOR_S, False))
        if time.monotonic() - at < OFFERS_FOR_S:
            return known
        with self.calling(f"look for {kind}"):
            try:
                found = self.client().request("get", group_path(api_version)).to_dict()
                known = any(r["kind"] == kind for r in found["resources"])
            except NotFoundError:
                known = False
        self._offers[api_version, kind] = (time.monotonic(), known)
        return known

    def identity(self, max_age_s: float = 0.0) -> Identity:
        """Which cluster this is; `max_age_s` takes an answer of the same connection that
        is no older. Raises CompassError.
        """
        from kubernetes.dynamic.exceptions import ForbiddenError, NotFoundError

        client = self.client()
        at, asked, known = self._identity
        if asked is client and time.monotonic() - at < max_age_s:
            return known
        with self.calling("get Namespace kube-system"):
            try:
                uid = str(
                    client.resources.get(api_version="v1", kind="Namespace")
                    .get(name="kube-system")
                    .metadata.uid
                    or ""
                )
            except (ForbiddenError, NotFoundError):
                uid = ""
        found = Identity(uid=uid) if self.simulated else Identity(uid=uid, **_server(client.configuration))
        self._identity = (time.monotonic(), client, found)
        return found

    def client(self) -> Any:
        """The dynamic client."""
        with self._connecting:  # one connects, and the others wait for it
            if self._dynamic is None:
                from kubernetes.dynamic import DynamicClient

                try:
                    with warnings.catch_warnings(
                        category=Warning, action="ignore"
                    ):  # said below, in a sentence
                        client = self._simulator_client() if self.simulated else self._context_client()
                except ImportError as error:  # urllib3's, at a socks:// address
                    raise CompassError(
                        f"The way to {self.description} leads through a SOCKS proxy, for which a package is"
                        " missing: pip install pysocks, or name the server in NO_PROXY."
                    ) from error
                answered = watched(client.rest_client.request, client.configuration, self.description)
                client.rest_client.request = functools.partial(_with_timeout, answered)
                self._dynamic = DynamicClient(client, discoverer=Kinds)  # type: ignore[no-untyped-call]
            return self._dynamic

    @contextmanager
    def calling(self, what: str, of: tuple[str, str] | None = None) -> Iterator[None]:
        """Say in one sentence what failed; forget the connection where it broke, so that
        the next call makes a new one.

        `of` is the version and the kind that the call is about: a server that has no such kind
        answers as if a path were wrong.
        """
        from kubernetes.client.exceptions import ApiException
        from kubernetes.dynamic.exceptions import DynamicApiError
        from urllib3.exceptions import HTTPError

        where = capital(self.description)
        try:
            yield
        except CompassError:
            raise
        except (ApiException, DynamicApiError) as error:
            if error.status == 401:
                self._dynamic = None  # the kubeconfig may have newer credentials by the next call
            if error.status == 404 and of is not None and not is_of_an_object(error):
                self._offers.pop(of, None)
                raise Refused.unknown_kind(self.description, *of) from error
            raise refusal(self.description, what, error) from error
        except (HTTPError, OSError, httpx.HTTPError) as error:
            self._dynamic = None
            raise CompassError(
                f"{where} doesn't answer ({what}: {_cause(error)}). Is it running and reachable?"
            ) from error
        except Exception as error:  # an answer that the client stumbles over
            log.exception("%s", what)
            raise CompassError(
                f"{where} answered in a way that can't be read ({what}: {type(error).__name__})."
            ) from error

    def _simulator_client(self) -> Any:
        from kubernetes.client import ApiClient

        configuration = _configuration()
        configuration.proxy = None
        configuration.host = simulator_address(self._settings.home_dir)
        return ApiClient(configuration)

    def _context_client(self) -> Any:
        return client_of(
            self.target.removeprefix("context:"), _configuration(), self._settings.home_dir / "run"
        )


def _configuration() -> Any:
    """Retries what a busy or restarting server answers, by any method: all that we send may be sent twice.

    Applies are declarative, deletes name a uid, replacements a version; a server that asks to
    wait longer is not waited for.
    """
    from kubernetes.client import Configuration
    from urllib3.util import Retry

    configuration = Configuration()
    configuration.connection_pool_maxsize = CONNECTIONS
    configuration.retries = Retry(
        total=3,
        read=1,
        backoff_factor=BACK_OFF_S,
        status_forcelist=RETRIED,
        allowed_methods=None,
        raise_on_status=False,
        retry_after_max=LONGEST_RETRY_AFTER_S,
    )
    return configuration


def _server(configuration: Any) -> dict[str, str]:
    """The address without what may be secret in it, and a hash of the CA."""
    address = urlsplit(str(configuration.host))
    host = address.netloc.rpartition("@")[2]
    authority = Path(configuration.ssl_ca_cert).read_bytes() if configuration.ssl_ca_cert else b""
    return {
        "server": f"{address.scheme}://{host}{address.path}".rstrip("/"),
        "ca": hashlib.sha256(authority).hexdigest(),
    }


def _with_timeout(request: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The client waits for ever unless told otherwise at each call: so here, once for all."""
    return request(
        *args, **kwargs | {"_request_timeout": kwargs.get("_request_timeout") or REQUEST_TIMEOUT_S}
    )


def _cause(error: Exception) -> str:
    """The innermost name: a retry that was given up says little itself."""
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, Exception) else error).__name__
