"""A context of the kubeconfig, read as kubectl reads it, so that whatever is wrong
with it is said by its cause.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import CompassError
from knowledge.loopback import is_loopback
from tools.clusters.login_plugin import Credential, credential_of
from tools.untrusted import printable

Entry = dict[str, Any]
DEFAULT = "~/.kube/config"
FILES = {"cluster": ("certificate-authority",), "user": ("client-certificate", "client-key", "tokenFile")}
"""Fields that name files; each gives way to its `…-data`, and tokenFile to `token`."""
REMOVED = {"gcp": "gke-gcloud-auth-plugin", "azure": "kubelogin"}
"""Ways to log in that Kubernetes clients no longer have, and the plugins that took their place."""


def client_of(name: str, configuration: Any, folder: Path) -> Any:
    """An API client for a context, logged in; keys that stand in the kubeconfig itself lie
    in `folder` as long as we run.

    Raises CompassError that says what of the context can't be used, and why.
    """
    from kubernetes.config import ConfigException, new_client_from_config_dict

    context, cluster, user = _entries(name)
    plugin, credential = user.pop("exec", None), None
    if isinstance(plugin, dict):
        credential = credential_of(plugin, str(context.get("user")), cluster)
        user |= credential.fields
    provider = user.pop("auth-provider", None)
    if isinstance(provider, dict) and "token" not in user:
        user["token"] = _provided(name, provider)
    named = {"name": name}
    whole = {
        "contexts": [named | {"context": {"cluster": name, "user": name}}],
        "clusters": [named | {"cluster": cluster}],
        "users": [named | {"user": user}],
    }
    if "proxy-url" in cluster:
        configuration.no_proxy = ""  # chosen for this cluster, unlike what the environment names for all
    elif is_loopback(cluster["server"]):
        configuration.proxy = None
    try:
        client = new_client_from_config_dict(  # type: ignore[no-untyped-call]
            whole, name, client_configuration=configuration, temp_file_path=str(folder)
        )
    except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CompassError(
            f"The kubeconfig's context {name!r} can't be used ({type(error).__name__}): a field of it is no"
            " text, or no base64."
        ) from error
    if isinstance(plugin, dict) and credential is not None and credential.expires_at is not None:
        _renewed_in_time(configuration, plugin, credential, str(context.get("user")), cluster)
    return client


def _renewed_in_time(
    configuration: Any, plugin: Entry, credential: Credential, user: str, cluster: Entry
) -> None:
    """Run the plugin again before what it gave expires; the client asks for a token at each request."""
    current = credential

    def renew(asking: Any) -> None:
        nonlocal current
        if current.expires_at is not None and current.expires_at <= time.time():
            current = credential_of(plugin, user, cluster)
            if "token" in current.fields:
                asking.api_key["BearerToken"] = f"Bearer {current.fields['token']}"

    configuration.refresh_api_key_hook = renew


def _entries(name: str) -> tuple[Entry, Entry, Entry]:
    """The context, its cluster and its user, without what is null, and with the
    paths of its files made whole.
    """
    known = merged()
    if name not in known["contexts"]:
        there = ", ".join(sorted(known["contexts"])) or "none"
        raise CompassError(
            f"The kubeconfig has no context {printable(name, 200)!r}; it has: {printable(there)}."
            " COMPASS_CLUSTER=sim uses the simulator."
        )
    context, _ = known["contexts"][name]
    found: list[Entry] = []
    for kind in ("cluster", "user"):
        wanted = context.get(kind)
        if wanted is None and kind == "user":
            found.append({})
            continue
        if wanted not in known[f"{kind}s"]:
            raise CompassError(
                f"The kubeconfig's context {name!r} names the {kind} {printable(str(wanted), 200)!r}, which"
                f" isn't in its list `{kind}s`."
            )
        entry, folder = known[f"{kind}s"][wanted]
        found.append(_with_files(name, kind, dict(entry), folder))
    cluster, user = found
    if not str(cluster.get("server") or "").startswith(("http://", "https://")):
        raise CompassError(
            f"The kubeconfig's context {name!r}: `server` of its cluster is no http:// or https:// address."
        )
    return context, cluster, user


def _with_files(name: str, kind: str, entry: Entry, folder: Path) -> Entry:
    for field in FILES[kind]:
        path, data = entry.get(field), "token" if field == "tokenFile" else f"{field}-data"
        if path is None or entry.get(data):
            continue
        file = folder / str(path)  # as it is where it is absolute
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise CompassError(
                f"The kubeconfig's context {name!r}: {field} of its {kind} is {file}, which can't be read:"
                f" {error.strerror}."
            ) from error
        entry[field] = str(file)
        if field == "tokenFile":
            entry = {k: v for k, v in entry.items() if k != field} | {"token": text.strip()}
    plugin = entry.get("exec")
    if isinstance(plugin, dict) and os.sep in str(plugin.get("command") or ""):
        entry["exec"] = plugin | {"command": str(folder / str(plugin["command"]))}
    return entry


def merged() -> dict[str, dict[str, tuple[Entry, Path]]]:
    """Contexts, clusters and users by name, each with the folder of its file; of one
    name, the first counts, as for kubectl.
    """
    paths = [Path(p).expanduser() for p in (os.environ.get("KUBECONFIG") or DEFAULT).split(os.pathsep) if p]
    there = [p for p in paths if p.exists()]
    if not there:
        raise CompassError(
            f"There is no kubeconfig at {', '.join(map(str, paths))}. COMPASS_CLUSTER=sim uses the simulator."
        )
    found: dict[str, dict[str, tuple[Entry, Path]]] = {"contexts": {}, "clusters": {}, "users": {}}
    for path in there:
        document = _document(path)
        for kind, entries in found.items():
            for each, entry in _named(document.get(kind), kind.removesuffix("s")):
                entries.setdefault(each, (entry, path.absolute().parent))
    return found


def _document(path: Path) -> Entry:
    try:
        document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) or {}
    except OSError as error:
        raise CompassError(f"The kubeconfig {path} can't be read: {error.strerror}.") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise CompassError(f"The kubeconfig {path} is no YAML{where}.") from error
    if not isinstance(document, dict):
        raise CompassError(f"The kubeconfig {path} holds no `contexts`, `clusters` and `users`.")
    return document


def _named(entries: Any, kind: str) -> Iterator[tuple[str, Entry]]:
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            held = entry.get(kind)
            yield entry["name"], _without_nulls(held) if isinstance(held, dict) else {}


def _without_nulls(value: Any) -> Any:
    """Kubernetes takes a null as if the field weren't there; the Python client doesn't."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value if v is not None] if isinstance(value, list) else value


def _provided(name: str, provider: Entry) -> str:
    """The token of an `auth-provider`: oidc's, as long as it lasts."""
    kind = printable(str(provider.get("name")), 40)
    who = f"The kubeconfig's context {name!r} logs in by the auth-provider {kind!r}"
    if kind in REMOVED:
        raise CompassError(
            f"{who}, which Kubernetes clients lack by now. Install {REMOVED[kind]}, and have your provider's"
            " tool write the context anew."
        )
    token = (provider.get("config") or {}).get("id-token")
    if kind != "oidc" or not isinstance(token, str):
        raise CompassError(
            f"{who}, which can't be used here:"
            f" {'it holds no id-token' if kind == 'oidc' else 'only oidc is known'}."
        )
    try:
        payload = token.split(".")[1]
        expires_at = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("exp")
    except (IndexError, ValueError, AttributeError) as error:
        raise CompassError(f"{who}, whose id-token is none (no JWT). Log in again.") from error
    if isinstance(expires_at, int | float) and expires_at <= time.time():
        since = datetime.fromtimestamp(expires_at).astimezone()
        raise CompassError(
            f"{who}, whose id-token expired at {since:%Y-%m-%d %H:%M}. Log in again; any kubectl command"
            " renews it, too."
        )
    return token
