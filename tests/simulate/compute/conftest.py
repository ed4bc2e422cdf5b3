"""A workspace with three people in it, and clients that speak for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from lakewarden.simulate import server, world
from lakewarden.simulate.state import Bearer, Workspace
from lakewarden.simulate.workspace import identity
from simulate.compute.lab import ADMIN, ETL, MAKER, USER, Client


@pytest.fixture(scope="session")
def audit_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="session")
def lab(audit_dir: Path) -> Iterator[server.Simulation]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world, "FOLDER", Path(__file__).parent / "worlds")
        started = server.start("lab", aws=False, audit_dir=audit_dir)
    with started as simulation:
        workspace = simulation.account.workspaces[1]
        for name, permission in (
            (ADMIN, "ADMIN"),
            (MAKER, "USER"),
            (USER, "USER"),
            (ETL, "USER"),
            ("analysts", "USER"),
        ):
            principal_id = _id(workspace, name)
            workspace.table("assignments")[principal_id] = {"permissions": [permission]}
            workspace.account.bearers[f"token-{name}"] = Bearer(principal_id, "oauth")
        maker = _id(workspace, MAKER)
        workspace.table("entitlements")[maker] = {"values": ["allow-cluster-create"]}
        yield simulation


def _id(workspace: Workspace, name: str) -> str:
    found = identity.named(workspace.account, name)
    assert found is not None
    return str(found[1]["id"])


@pytest.fixture(scope="session")
def client(lab: server.Simulation) -> Client:
    @cache
    def speak_for(name: str) -> WorkspaceClient:
        config = Config(host=lab.workspace_urls[1], token=f"token-{name}", auth_type="pat")
        return WorkspaceClient(config=config)

    return speak_for


@pytest.fixture(scope="session")
def admin(client: Client) -> WorkspaceClient:
    return client(ADMIN)


@pytest.fixture
def workspace(lab: server.Simulation) -> Iterator[Workspace]:
    """The workspace's state; switches thrown by the test are put back."""
    place = lab.account.workspaces[1]
    conf, settings = dict(place.conf), dict(place.table("settings"))
    yield place
    place.conf = conf
    place.table("settings").clear()
    place.table("settings").update(settings)
