"""Contexts of the kubeconfig that can't be used: each said by its cause, on real
files, programs and TLS servers.
"""

import base64
import datetime
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from knowledge.errors import CompassError
from knowledge.settings import Settings
from tools.clusters.cluster import Cluster
from tools.clusters.contexts import contexts
from tools.clusters.refusals import Refused
from tools.clusters.simulated import simulator_address

Document = dict[str, Any]
Version = Callable[..., str]
"""What a cluster says of its version, through a kubeconfig with this user and with
these fields of the cluster.
"""


@pytest.fixture
def version(
    settings: Settings, shared_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Version:
    path = tmp_path / "kubeconfig"
    monkeypatch.setenv("KUBECONFIG", str(path))

    def asked(user: Document | None = None, **cluster: Any) -> str:
        entry = {"server": simulator_address(shared_home)} | cluster
        document = {
            "contexts": [{"name": "e", "context": {"cluster": "c", "user": "somebody"}}],
            "clusters": [{"name": "c", "cluster": entry}],
            "users": [{"name": "somebody", "user": user}],
        }
        path.write_text(yaml.safe_dump(document))
        found = Cluster(settings.model_copy(update={"cluster": "context:e"}))
        found.servers()  # by way of what the server offers
        return found.version()

    return asked


def program(folder: Path, code: str) -> Document:
    file = folder / "login-helper"
    file.write_text(f"#!{sys.executable}\nimport json, os, sys\n{code}\n")
    file.chmod(0o755)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(file)}}


def gives(**status: Any) -> str:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"print({json.dumps(json.dumps(answer))})"


def token(**claims: Any) -> str:
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims, {})
    )


@pytest.mark.parametrize(
    "user",
    [
        None,
        {},
        {"username": None, "password": None, "token": None},
        {"token": "t", "exec": None, "auth-provider": None},
        {"auth-provider": {"name": "oidc", "config": {"id-token": token(exp=4102444800)}}},
    ],
)
def test_nulls_are_as_if_they_were_not_there(user: Document | None, version: Version) -> None:
    assert version(user, **{"certificate-authority": None, "proxy-url": None})


@pytest.mark.parametrize(
    ("user", "cluster", "said"),
    [
        (
            {"auth-provider": {"name": "gcp", "config": None}},
            {},
            r"'e' logs in by the auth-provider 'gcp'.*gke-gcloud-auth-plugin",
        ),
        ({"auth-provider": {"name": "azure"}}, {}, r"auth-provider 'azure'.*kubelogin"),
        ({"auth-provider": {"name": "oidc", "config": {}}}, {}, r"auth-provider 'oidc'.*no id-token"),
        (
            {"auth-provider": {"name": "oidc", "config": {"id-token": token(exp=1)}}},
            {},
            r"id-token expired at 19(69|70)-.*Log in again",
        ),
        (
            {"tokenFile": "gone/token"},
            {},
            r"tokenFile of its user is .*gone/token, which can't be read: No such file",
        ),
        ({"client-certificate": "/gone/x.crt"}, {}, r"client-certificate of its user is /gone/x.crt"),
        (
            {},
            {"certificate-authority": "/gone/ca.crt"},
            r"certificate-authority of its cluster is /gone/ca.crt, which can't be read",
        ),
        ({}, {"server": ""}, "`server` of its cluster is no http"),
        (
            {"exec": {"command": "gke-gcloud-auth-plugin-x", "installHint": "Get it at example.org"}},
            {},
            r"isn't there: install it.*example\.org",
        ),
    ],
)
def test_what_of_a_context_cannot_be_used_is_named(
    user: Document, cluster: Document, said: str, version: Version
) -> None:
    with pytest.raises(CompassError, match=said) as error:
        version(user, **cluster)
    assert "no usable context" not in str(error.value)


def test_a_context_cluster_or_user_that_is_not_there(
    version: Version, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version({})
    kubeconfig = tmp_path / "kubeconfig"
    with pytest.raises(CompassError, match="no context 'prod'; it has: e"):
        Cluster(settings.model_copy(update={"cluster": "context:prod"})).version()
    kubeconfig.write_text(kubeconfig.read_text().replace("name: somebody", "name: other"))
    with pytest.raises(CompassError, match="names the user 'somebody'"):
        Cluster(settings.model_copy(update={"cluster": "context:e"})).version()
    kubeconfig.write_text("a: b: c")
    with pytest.raises(CompassError, match="is no YAML at line 1"):
        Cluster(settings.model_copy(update={"cluster": "context:e"})).version()
    assert contexts() == []
    monkeypatch.setenv("KUBECONFIG", "")  # as if it weren't set
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CompassError, match=r"no kubeconfig at .*/\.kube/config"):
        Cluster(settings.model_copy(update={"cluster": "context:e"})).version()


def test_several_files_the_first_counts_and_their_paths_are_beside_them(
    version: Version, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version({})
    first, folder = tmp_path / "kubeconfig", tmp_path / "more"
    folder.mkdir()
    (folder / "token").write_text("abc\n")
    users = {
        "users": [
            {"name": "u", "user": {"tokenFile": "token"}},
            {"name": "somebody", "user": {"tokenFile": "gone"}},
        ]
    }
    second = {
        "contexts": [{"name": "f", "context": {"cluster": "c", "user": "u"}}, {"name": "e", "context": {}}]
    } | users
    (folder / "config").write_text(yaml.safe_dump(second))
    (folder / "empty").write_text("")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/gone:{folder}/empty:{first}:{folder}/config:")
    assert contexts() == ["e", "f"]
    for name in ("e", "f"):
        assert Cluster(settings.model_copy(update={"cluster": f"context:{name}"})).version()


def test_a_program_that_fails_is_quoted_without_what_it_was_given(version: Version, tmp_path: Path) -> None:
    code = (
        "sys.stderr.write('Unable to locate credentials ' + os.environ['KEY'] + sys.argv[1]); sys.exit(255)"
    )
    user = program(tmp_path, code)
    user["exec"] |= {
        "env": [{"name": "KEY", "value": "s3cr3t-value"}],
        "args": ["--password=hunter2-hunter2"],
        "installHint": "Ask Ada",
    }
    with pytest.raises(
        CompassError,
        match=(
            r"user 'somebody' .*login-helper.* exit code 255: “Unable to locate credentials"
            r" …--password=…”.*Ask Ada"
        ),
    ) as error:
        version(user)
    assert "s3cr3t" not in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("sys.exit(3)", "exit code 3: without a word"),
        ("print('hello')", "something else than an ExecCredential"),
        ("print('[]')", "something else than an ExecCredential"),
        (gives(), "neither a token nor a certificate"),
        ("import time; time.sleep(600)", "probably waits for a person"),
    ],
)
def test_a_program_that_gives_nothing_is_said(
    code: str, said: str, version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sleep" in code:
        monkeypatch.setattr("tools.clusters.login_plugin.PATIENCE_S", 1.0)
    with pytest.raises(CompassError, match=said):
        version(program(tmp_path, code))


class Server:
    """Answers every request alike, over TLS with this certificate; keeps what each
    was sent to log in with.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        body: str,
        folder: Path,
        certificate: x509.CertificateBuilder | None = None,
    ) -> None:
        self.logins: list[str | None] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.logins.append(self.headers["Authorization"])
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.fields: Document = {"server": f"http://127.0.0.1:{self._http.server_port}"}
        if certificate is not None:
            key = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
            signed = (
                certificate.subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            )
            signed = signed.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            pem = signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            (folder / "server.pem").write_bytes(pem + private)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "server.pem")
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
            self.fields = {
                "server": self.fields["server"].replace("http:", "https:"),
                "certificate-authority-data": base64.b64encode(pem).decode(),
            }
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    made: list[Server] = []

    def started(
        status: int, kind: str, body: str, certificate: x509.CertificateBuilder | None = None
    ) -> Server:
        made.append(Server(status, kind, body, tmp_path, certificate))
        return made[-1]

    yield started
    for server in made:
        server.close()


def certificate(name: x509.GeneralName, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    began, ends = sorted((now + datetime.timedelta(days=days), now - datetime.timedelta(days=40)))
    return (
        x509.CertificateBuilder()
        .not_valid_before(began)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
    )


def test_a_certificate_that_does_not_hold_is_said_by_what_is_wrong_with_it(
    version: Version, serve: Serve
) -> None:
    import ipaddress

    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    expired = serve(200, "application/json", "{}", certificate(here, days=-30))
    on = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=30)).strftime("%Y-%m-%d")
    with pytest.raises(CompassError, match=f"the certificate at https://127.* expired on {on} .* UTC"):
        version({}, **expired.fields)
    named = serve(200, "application/json", "{}", certificate(x509.DNSName("api.example.org"), days=30))
    with pytest.raises(
        CompassError, match=r"certificate is for api\.example\.org, not for 127\.0\.0\.1.*tls-server-name"
    ):
        version({}, **named.fields)
    with pytest.raises(CompassError, match="isn't signed by whom the kubeconfig trusts"):
        version(
            {}, **named.fields | {"certificate-authority-data": expired.fields["certificate-authority-data"]}
        )
    plain = serve(200, "application/json", "{}")
    with pytest.raises(CompassError, match="speaks no TLS"):
        version({}, server=plain.fields["server"].replace("http:", "https:"))


@pytest.mark.parametrize(
    ("kind", "words"), [("text/html; charset=utf-8", "a web page"), ("text/plain", "something else")]
)
def test_a_portal_in_front_is_no_fault_of_ours(kind: str, words: str, version: Version, serve: Serve) -> None:
    with pytest.raises(CompassError, match=f"{words} came instead of a Kubernetes API's answer"):
        version({}, **serve(200, kind, "<html>Log in</html>").fields)


def test_nobody_logged_in_is_no_lack_of_rights(version: Version, serve: Serve) -> None:
    message = 'forbidden: User "system:anonymous" cannot get path "/version"'
    body = json.dumps(
        {"kind": "Status", "status": "Failure", "message": message, "reason": "Forbidden", "code": 403}
    )
    with pytest.raises(Refused, match="Nobody is logged in there") as error:
        version({}, **serve(403, "application/json", body).fields)
    assert "rbac.yaml" not in str(error.value)


def test_a_token_is_sent_and_fetched_anew_before_it_expires(
    version: Version, serve: Serve, tmp_path: Path
) -> None:
    """The program counts its calls in its token; each token is as good as expired."""
    soon = datetime.datetime.fromtimestamp(time.time() + 30, datetime.UTC).isoformat()
    counter = tmp_path / "calls"
    code = (
        f"n = len(open({str(counter)!r}).read()) if os.path.exists({str(counter)!r}) else 0\n"
        f"open({str(counter)!r}, 'a').write('x')\n"
        f"print(json.dumps({{'status': {{'token': f'call-{{n}}', 'expirationTimestamp': {soon!r}}}}}))"
    )
    server = serve(403, "application/json", json.dumps({"kind": "Status", "message": "no", "code": 403}))
    with pytest.raises(Refused):
        version(program(tmp_path, code), **server.fields)
    assert server.logins
    assert all(login is not None and login.startswith("Bearer call-") for login in server.logins)
    assert len(counter.read_text()) >= 2
