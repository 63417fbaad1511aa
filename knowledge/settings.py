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
    """All state: the embedded database, the simulated cluster."""
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """A PostgreSQL server; without it an embedded one is started under `home`."""
    model: str = "auto"
    """`auto`, `builtin`, `ollama:NAME` or `PROVIDER:NAME`."""
    ollama_host: str = Field(default="http://127.0.0.1:11434", validation_alias="OLLAMA_HOST")
    cluster: str = "sim"
    """`sim`, or `context:NAME` from the kubeconfig."""
    namespace: str = Field(default="default", pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    actor: str = Field(default="local user", min_length=1, max_length=100)
    """Who approves; written beside each approval."""
    read_only: bool = False
    """Plan, render, export and watch, but have nothing that could change a cluster."""
    autoscaling_prometheus: str | None = Field(default=None, pattern=r"^https?://[^@\s]+$")
    """Where KEDA finds vLLM's metrics in the cluster; with it the number of replicas follows the load.

    Without a user or a password, since it stands in the manifests.
    """
    simulator_image: str | None = None
    """An image of the vLLM simulator to serve instead of vLLM, for clusters without GPUs."""
    prices: Path | None = None
    """A CSV of your own prices; for the GPU types that it lists, only these count."""
    probe_s: float = Field(default=15.0, ge=0, le=600)
    """How long a new endpoint is sent requests to measure it, in seconds; 0 leaves that out."""
    api_tokens: str = ""
    """Who may use the API: NAME:SHA256 of the token in hex, with commas between;
    needed to listen beyond loopback.
    """
    auth_header: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$")
    """A header that names the chat's user, set by a proxy that nobody can go around."""
    oauth_users: str = ""
    """Who may log in to the chat by OAuth: their identifiers with commas between, or
    * for all of the provider's.
    """
    chat_secret: SecretStr | None = Field(default=None, min_length=32)
    """Signs the chat's cookies; without it PostgreSQL keeps one for all servers."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where on loopback Compass shows its own metrics to Prometheus."""
    ready_timeout_s: float = Field(default=1800.0, gt=0)
    """How long a deployment may take to become ready before it counts as failed."""
    watch_interval_s: float = Field(default=0.5, gt=0)
    """How often what is being deployed is looked at; a real cluster is looked at less often."""

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
