"""Logging in by the program that a kubeconfig names (`exec`): what it gives, or why it gave nothing.

The contract is Kubernetes' client.authentication.k8s.io: the program writes an
ExecCredential to its standard output.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.errors import CompassError
from tools.untrusted import printable

PATIENCE_S = 60.0
"""For a program that waits for a person: nobody sees here what it asks."""
EARLY_S = 60.0
"""A credential is renewed before it expires, since clocks differ."""
QUOTED = 300
SHORTEST_SECRET = 7
Entry = dict[str, Any]


@dataclass(frozen=True)
class Credential:
    """`fields` are those that a kubeconfig's user would have; `expires_at` is by the
    clock, in s, less EARLY_S.
    """

    fields: Entry
    expires_at: float | None


def credential_of(plugin: Entry, user: str, cluster: Entry) -> Credential:
    """Run the program. Raises CompassError with its exit code, its words and the hint
    of whoever wrote the kubeconfig.
    """
    command = str(plugin.get("command") or "")
    who = (
        f"The kubeconfig's user {printable(user, 200)!r} logs in by the program {printable(command, 200)!r},"
        " which"
    )
    hint = f" {printable(str(plugin['installHint']), QUOTED).strip()}" if plugin.get("installHint") else ""
    given = {
        str(e.get("name")): str(e.get("value", "")) for e in plugin.get("env") or [] if isinstance(e, dict)
    }
    try:
        done = subprocess.run(  # noqa: S603 - the person's own kubeconfig names it, as for kubectl; no shell
            [command, *(str(a) for a in plugin.get("args") or [])],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            env=os.environ | given | {"KUBERNETES_EXEC_INFO": json.dumps(_asked(plugin, cluster))},
            check=False,
        )
    except FileNotFoundError as error:
        raise CompassError(f"{who} isn't there: install it, or put its folder into PATH.{hint}") from error
    except subprocess.TimeoutExpired as error:
        raise CompassError(
            f"{who} gave no answer within {PATIENCE_S:.0f} s: it probably waits for a person. Log in with it,"
            " or with kubectl, first."
        ) from error
    except (OSError, ValueError) as error:
        raise CompassError(f"{who} can't be run ({type(error).__name__}).{hint}") from error
    if done.returncode:
        words = _without_secrets(done.stderr.decode(errors="replace"), plugin, given).strip()
        said = f"“{printable(words[-QUOTED:], QUOTED)}”" if words else "without a word"
        raise CompassError(
            f"{who} ended with exit code {done.returncode}: {said}. Log in again with it.{hint}"
        )
    try:
        status = json.loads(done.stdout)["status"]
        expires = status.get("expirationTimestamp")
        expires_at = datetime.fromisoformat(str(expires)).timestamp() - EARLY_S if expires else None
        fields = {"token": str(status["token"])} if status.get("token") else {}
        if status.get("clientCertificateData") and status.get("clientKeyData"):
            fields["client-certificate-data"] = _encoded(status["clientCertificateData"])
            fields["client-key-data"] = _encoded(status["clientKeyData"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CompassError(f"{who} answered something else than an ExecCredential.") from error
    if not fields:
        raise CompassError(f"{who} gave neither a token nor a certificate with its key.")
    return Credential(fields, expires_at)


def _asked(plugin: Entry, cluster: Entry) -> Entry:
    spec: Entry = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        kept = (
            "server",
            "tls-server-name",
            "insecure-skip-tls-verify",
            "certificate-authority-data",
            "proxy-url",
        )
        extensions = {
            e.get("name"): e.get("extension") for e in cluster.get("extensions") or [] if isinstance(e, dict)
        }
        config = extensions.get("client.authentication.k8s.io/exec")
        spec["cluster"] = {k: cluster[k] for k in kept if k in cluster} | (
            {"config": config} if config is not None else {}
        )
    return {"apiVersion": plugin.get("apiVersion"), "kind": "ExecCredential", "spec": spec}


def _without_secrets(words: str, plugin: Entry, given: dict[str, str]) -> str:
    """A program that repeats what the kubeconfig gives it may repeat a secret."""
    arguments = [str(a) for a in plugin.get("args") or []]
    values = [a.partition("=")[2] for a in arguments] + [a for a in arguments if not a.startswith("-")]
    for value in sorted([*given.values(), *values], key=len, reverse=True):
        if len(value) > SHORTEST_SECRET:
            words = words.replace(value, "…")
    return words


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
