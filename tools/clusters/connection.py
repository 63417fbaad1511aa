"""The connection that `COMPASS_CLUSTER` names: the simulator, or one context of the kubeconfig, with time-outs and retries.

The default never touches a real cluster, whatever kubeconfig is lying around.
"""

from __future__ import annotations

import functools
import hashlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from knowledge.errors import CompassError
from knowledge.settings import Settings
from tools.clusters.kubeconfig import client_of
from tools.clusters.refusals import Refused, refusal
from tools.clusters.simulated import simulator_address
from tools.clusters.wire import watched

REQUEST_TIMEOUT_S = 15
LONGEST_RETRY_AFTER_S = 20
BACK_OFF_S = 0.2
RETRIED = (429, 500, 502, 503, 504)


class Connection:
    """Connects at the first call. Every error of the wire becomes a CompassError that names the call."""

    def __init__(self, settings: Settings) -> None:
        """Raises CompassError for a setting that is neither `sim` nor `context:NAME`."""
        self.target = settings.cluster
        self._settings = settings
        self._dynamic: Any = None
        if self.target != "sim" and not self.target.removeprefix("context:"):
            raise CompassError(
                "COMPASS_CLUSTER=context: names no context. Write context:NAME with a name from `kubectl config get-contexts`."
            )
        if self.target != "sim" and not self.target.startswith("context:"):
            raise CompassError(f"COMPASS_CLUSTER is {self.target!r}. It takes 'sim' or 'context:NAME'.")

    @property
    def simulated(self) -> bool:
        return self.target == "sim"

    @property
    def description(self) -> str:
        return "the simulated cluster" if self.simulated else f"the cluster of kubeconfig context {self.target.removeprefix('context:')!r}"

    def resource(self, api_version: str, kind: str) -> Any:
        """The dynamic client's resource. Raises Refused if the server doesn't offer the kind."""
        from kubernetes.dynamic.exceptions import ResourceNotFoundError

        try:
            return self.client().resources.get(api_version=api_version, kind=kind)
        except ResourceNotFoundError as error:
            self._dynamic = None  # what the server offers may change; look again next time
            raise Refused.unknown_kind(self.description, api_version, kind) from error

    def client(self) -> Any:
        """The dynamic client."""
        if self._dynamic is None:
            from kubernetes.dynamic import DynamicClient

            try:
                with warnings.catch_warnings(category=Warning, action="ignore"):  # said below, in a sentence
                    client = self._simulator_client() if self.simulated else self._context_client()
            except ImportError as error:  # urllib3's, at a socks:// address
                raise CompassError(
                    f"The way to {self.description} leads through a SOCKS proxy, for which a package is missing: pip install pysocks,"
                    " or name the server in NO_PROXY."
                ) from error
            answered = watched(client.rest_client.request, client.configuration, self.description)
            client.rest_client.request = functools.partial(_with_timeout, answered)
            # Its cache of what the server offers goes into our own folder: the default is a guessable file in the shared one.
            known = self._settings.home_dir / f"discovery-{hashlib.sha256(client.configuration.host.encode()).hexdigest()[:12]}.json"
            known.unlink(missing_ok=True)  # it never expires, and a kind that was missing yesterday may be there today
            self._dynamic = DynamicClient(  # type: ignore[no-untyped-call]
                client, cache_file=str(known)
            )
        return self._dynamic

    @contextmanager
    def calling(self, what: str) -> Iterator[None]:
        """Say in one sentence what failed; forget the connection, so that the next call makes a new one."""
        from kubernetes.client.exceptions import ApiException
        from kubernetes.dynamic.exceptions import DynamicApiError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except (ApiException, DynamicApiError) as error:
            if error.status == 401:
                self._dynamic = None  # the kubeconfig may have newer credentials by the next call
            raise refusal(self.description, what, error) from error
        except (HTTPError, OSError, httpx.HTTPError) as error:
            self._dynamic = None
            where = f"{self.description[0].upper()}{self.description[1:]}"
            raise CompassError(f"{where} doesn't answer ({what}: {_cause(error)}). Is it running and reachable?") from error

    def _simulator_client(self) -> Any:
        from kubernetes.client import ApiClient

        configuration = _configuration()
        configuration.proxy = None
        configuration.host = simulator_address(self._settings.home_dir)
        return ApiClient(configuration)

    def _context_client(self) -> Any:
        return client_of(self.target.removeprefix("context:"), _configuration(), self._settings.home_dir / "run")


def _configuration() -> Any:
    """Retries what a busy or restarting server answers, by any method: all that we send may be sent twice.

    Applies are declarative, deletes name a uid, replacements a version; a server that asks to wait longer is not waited for.
    """
    from kubernetes.client import Configuration
    from urllib3.util import Retry

    configuration = Configuration()
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


def _with_timeout(request: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The client waits for ever unless told otherwise at each call, and its own discovery can't be told: so here, once for all."""
    return request(*args, **kwargs | {"_request_timeout": kwargs.get("_request_timeout") or REQUEST_TIMEOUT_S})


def _cause(error: Exception) -> str:
    """The innermost name: a retry that was given up says little itself."""
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, Exception) else error).__name__
