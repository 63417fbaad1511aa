"""What comes over the wire before any API answers: certificates that don't hold, and web
pages of whoever stands in front.
"""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from knowledge.errors import CompassError
from tools.untrusted import printable
from tools.wording import capital

HANDSHAKE_S = 5.0
NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python doesn't name."""
EXPIRED, NOT_YET, OTHER_HOST, OTHER_ADDRESS = 10, 9, 62, 64
"""OpenSSL's X509_V_ERR_ codes."""


def watched(request: Callable[..., Any], configuration: Any, description: str) -> Callable[..., Any]:
    """The client's request, raising CompassError where what answers is no Kubernetes API,
    or no server that it may trust.
    """
    if not configuration.verify_ssl:
        import urllib3

        urllib3.disable_warnings(
            urllib3.exceptions.InsecureRequestWarning
        )  # the person chose so, in the kubeconfig
    return functools.partial(_watched, request, configuration, capital(description))


def _watched(
    request: Callable[..., Any],
    configuration: Any,
    who: str,
    method: str,
    url: str,
    *args: Any,
    **kwargs: Any,
) -> Any:
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import MaxRetryError, SSLError

    try:
        answer = request(method, url, *args, **kwargs)
    except (MaxRetryError, ApiException) as error:
        cause = error.reason if isinstance(error, MaxRetryError) else error.__context__
        if isinstance(cause, SSLError):
            raise CompassError(f"{who} doesn't answer: {_distrusted(cause, url, configuration)}") from error
        raise
    kind, path = str(answer.headers.get("Content-Type") or ""), urlsplit(url).path
    if answer.status < 400 and "json" not in kind and not (path.endswith("/log") or "/proxy/" in path):
        came = "a web page" if kind.startswith("text/html") else "something else"
        raise CompassError(
            f"{who} doesn't answer: at {_address(url)} {came} came instead of a Kubernetes API's answer, as"
            " from a login page or a portal in front of it. Log in to what is in front, or mend `server` in"
            " the kubeconfig."
        )
    return answer


def _distrusted(error: Exception, url: str, configuration: Any) -> str:
    """Why the TLS connection wasn't made."""
    found = error.args[0] if error.args and isinstance(error.args[0], ssl.SSLError) else error
    if not isinstance(found, ssl.SSLCertVerificationError):
        if "WRONG_VERSION_NUMBER" in str(found):
            return f"what is at {_address(url)} speaks no TLS; is it an http:// address?"
        return (
            f"TLS with {_address(url)} failed"
            f" ({printable(str(getattr(found, 'reason', None) or type(found).__name__), 100)})."
        )
    shown = _certificate(url, configuration)
    host = configuration.tls_server_name or urlsplit(url).hostname
    if found.verify_code in (EXPIRED, NOT_YET):
        field, verb = (
            ("notAfter", "expired") if found.verify_code == EXPIRED else ("notBefore", "is valid only from")
        )
        at = datetime.fromtimestamp(ssl.cert_time_to_seconds(shown[field]), UTC) if field in shown else None
        when = (
            f"{' on' if verb == 'expired' else ''} {at:%Y-%m-%d %H:%M} UTC"
            if at
            else ""
            if verb == "expired"
            else " later on"
        )
        return (
            f"the certificate at {_address(url)} {verb}{when}. It must be renewed, unless this machine's"
            " clock is wrong."
        )
    if found.verify_code in (OTHER_HOST, OTHER_ADDRESS):
        names = (
            ", ".join(printable(name, 100) for _, name in shown.get("subjectAltName", ())) or "another name"
        )
        return (
            f"its certificate is for {names}, not for {host}. Use such a name as `server`, or set"
            " `tls-server-name` in the kubeconfig."
        )
    return (
        f"the certificate at {_address(url)} isn't signed by whom the kubeconfig trusts"
        f" ({printable(found.verify_message, 100)}): see `certificate-authority-data` of its cluster."
    )


def _certificate(url: str, configuration: Any) -> dict[str, Any]:
    """What the server shows, with everything checked but what was wrong with it; empty
    where that doesn't hold either.
    """
    address = urlsplit(url)
    try:
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        context.check_hostname = False
        context.verify_flags |= NO_CHECK_TIME
        where = (address.hostname or "", address.port or 443)
        shown_to = configuration.tls_server_name or address.hostname
        with (
            socket.create_connection(where, HANDSHAKE_S) as plain,
            context.wrap_socket(plain, server_hostname=shown_to) as secure,
        ):
            return dict(secure.getpeercert() or {})
    except (OSError, ValueError):
        return {}


def _address(url: str) -> str:
    """Without a user's name and password."""
    found = urlsplit(url)
    host = f"[{found.hostname}]" if ":" in (found.hostname or "") else found.hostname
    return f"{found.scheme}://{host}" + (f":{found.port}" if found.port else "")
