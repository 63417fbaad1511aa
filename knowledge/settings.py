"""Settings, each one environment variable."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.errors import CompassError


class Settings(BaseSettings):
    """Read from the environment once, when a command starts. What is empty there counts as not set."""

    model_config = SettingsConfigDict(
        env_prefix="COMPASS_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("compass")))
    """All state of Compass, such as the embedded database; without it, your user data folder."""
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """A PostgreSQL database of your own, in UTF-8: `postgresql://user:password@host:5432/name` (what is
    special in a password percent-encoded) or libpq's `key=value`; PgBouncer in transaction mode may stand
    before it. Without it, an embedded server is started.
    """
    model: str = "auto"
    """Who reads your words: `auto` (Ollama's `llama3.1:8b` if it is there, else the built-in interpreter),
    `builtin`, `ollama:NAME`, `gguf:PATH` for a model file in this process (extra `gguf`), or `PROVIDER:NAME`
    through LangChain (extra `providers`, and the provider's package and key).
    """
    ollama_host: str = Field(default="http://127.0.0.1:11434", validation_alias="OLLAMA_HOST")
    """Where Ollama answers, written as for Ollama itself."""
    cluster: str = "sim"
    """`sim`, or `context:NAME` from your kubeconfig. The default never touches a real cluster."""
    namespace: str = Field(default="default", pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    """Where deployments go."""
    actor: str = Field(default="local user", min_length=1, max_length=100)
    """The name written beside your approvals."""
    read_only: bool = False
    """`1`: plan, look and export, but have nothing that could write to a cluster."""
    autoscaling_prometheus: str | None = Field(default=None, pattern=r"^https?://[^@\s]+$")
    """The address of the Prometheus by which KEDA scales, without a user or a password, since it stands in
    the manifests; without it, the number of replicas is fixed.
    """
    simulator_image: str | None = None
    """An image of the vLLM simulator to deploy instead of vLLM, for clusters without GPUs."""
    prices: Path | None = None
    """A CSV of your own prices; for the GPU types that it lists, only these count, not the shipped ones."""
    probe_s: float = Field(default=15.0, ge=0, le=600)
    """For how many seconds a new endpoint is sent requests to measure it; `0` leaves that out."""
    api_tokens: str = ""
    """Who may use the API, and log in to the chat: `NAME:SHA256` with commas between, the SHA-256 of each
    one's token in hex. One of tokens, header and OAuth is needed to listen beyond loopback.
    """
    auth_header: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$")
    """A header that names the chat's user, set by a proxy that nobody can go around."""
    oauth_users: str = ""
    """Who may log in to the chat by OAuth: identifiers with commas between, or `*` for all of the provider's;
    the provider is set as [Chainlit documents](https://docs.chainlit.io/authentication/oauth).
    """
    chat_secret: SecretStr | None = Field(default=None, min_length=32)
    """What signs the chat's cookies, at least 32 characters; without it one is made once and kept in
    PostgreSQL for all servers.
    """
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where on loopback Compass shows its own metrics to Prometheus."""
    ready_timeout_s: float = Field(default=1800.0, gt=0)
    """How many seconds a deployment may take to become ready before it counts as failed."""
    watch_interval_s: float = Field(default=0.5, gt=0)
    """How often a simulated rollout is looked at, in seconds; a real cluster is looked at less often."""

    @cached_property
    def home_dir(self) -> Path:
        """`home`, made if it was missing. Raises CompassError if it can't be written."""
        home = self.home.expanduser().absolute()
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CompassError(
                f"COMPASS_HOME is {home}, which can't be used: {error.strerror}. Name a folder that you may"
                " write to."
            ) from error
        return home


def load_settings() -> Settings:
    """The settings of this process. Raises CompassError naming the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        variable = name if name.isupper() else f"COMPASS_{name.upper()}"
        raise CompassError(f"{variable} is wrong: {first['msg']}.") from error
