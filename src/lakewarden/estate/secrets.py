"""Secrets: how old they are, and where settings look as if they held one in the clear.

No value is ever kept. `withheld` maps the place of a setting to what its value looked like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "workspace admin"


@record
class JobSettings(Record):
    """What the settings of a job, its tasks and its clusters look like."""

    id: int = key("job_id")
    name: Fact[str] = fact("settings.name", absent="")
    withheld: Fact[Mapping[str, str]] = fact("withheld")


@record
class PipelineSettings(Record):
    """What the settings of a pipeline and its clusters look like."""

    id: str = key("pipeline_id")
    name: Fact[str] = fact("name")
    withheld: Fact[Mapping[str, str]] = fact("withheld")


@record
class WarehouseSettings(Record):
    """What the settings that all SQL warehouses of a workspace share look like."""

    id: str = key("id")
    withheld: Fact[Mapping[str, str]] = fact("withheld")


@record
class InitScript(Record):
    """A script that runs on every node of every cluster.

    Of its text the SHA-256 is kept, in hexadecimal, and which lines show a credential.
    """

    id: str = key("script_id")
    name: Fact[str] = fact("name")
    enabled: Fact[bool] = fact("enabled")
    sha256: Fact[str] = fact("sha256")
    withheld: Fact[Mapping[str, str]] = fact("withheld")


@dataclass(frozen=True, slots=True)
class SecretAge:
    """A secret's key and when it was last written, in Unix ms."""

    key: str
    last_updated_timestamp: int


@record
class ScopeSecrets(Record):
    """The secrets of a scope by key; never a value."""

    name: str = key("name")
    secrets: Fact[tuple[SecretAge, ...]] = fact("secrets")


JOB_SETTINGS: Final = Kind(
    "job_settings", JobSettings, Scope.WORKSPACE, "GET /api/2.2/jobs/list", _ADMIN
)
PIPELINE_SETTINGS: Final = Kind(
    "pipeline_settings",
    PipelineSettings,
    Scope.WORKSPACE,
    "GET /api/2.0/pipelines/{pipeline_id}",
    _ADMIN,
)
WAREHOUSE_SETTINGS: Final = Kind(
    "warehouse_settings",
    WarehouseSettings,
    Scope.WORKSPACE,
    "GET /api/2.0/sql/config/warehouses",
    _ADMIN,
)
INIT_SCRIPTS: Final = Kind(
    "init_scripts",
    InitScript,
    Scope.WORKSPACE,
    "GET /api/2.0/global-init-scripts/{script_id}",
    _ADMIN,
)
SCOPE_SECRETS: Final = Kind(
    "scope_secrets",
    ScopeSecrets,
    Scope.WORKSPACE,
    "GET /api/2.0/secrets/list",
    "READ on each secret scope",
    after=("secret_scopes",),
)
