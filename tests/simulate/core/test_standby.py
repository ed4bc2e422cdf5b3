from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from databricks.sdk.service.workspace import ImportFormat, Language

from lakewarden.simulate.standby import ID, REGION
from simulate.core.kit import Lab

Own = Callable[..., Lab]


@pytest.fixture
def lab(own: Own) -> Lab:
    return own("typical", standby=True)


def test_a_standby_is_empty_and_elsewhere(lab: Lab) -> None:
    assert lab.simulation.standby == ID
    client = lab.workspace(ID)
    assert list(client.jobs.list()) == list(client.clusters.list()) == []
    assert list(client.warehouses.list()) == list(client.catalogs.list()) == []
    summary, first = client.metastores.summary(), lab.workspace(2001).metastores.summary()
    assert (summary.region, first.region) == (REGION, "us-east-1")
    assert summary.metastore_id != first.metastore_id
    assert {o.path for o in client.workspace.list("/")} == {"/Repos", "/Shared", "/Users"}


def test_the_account_assigns_its_groups_to_it(lab: Lab) -> None:
    names = [{g.display_name for g in lab.workspace(w).groups_v2.list()} for w in (2001, ID)]
    assert names[0] == names[1]
    people = [{u.user_name for u in lab.workspace(w).users_v2.list()} for w in (2001, ID)]
    assert people[0] == people[1]


def test_an_admin_can_write_there_for_others(lab: Lab) -> None:
    client = lab.workspace(ID)
    path = "/Users/ines.oliveira@typical.example/weekly-numbers"
    client.workspace.mkdirs(path.rpartition("/")[0])
    content = base64.b64encode(b"SELECT 1").decode()
    client.workspace.import_(
        path, content=content, format=ImportFormat.SOURCE, language=Language.SQL
    )
    assert client.workspace.download(path).read() == b"SELECT 1"
    client.catalogs.create("main")
    client.schemas.create("sales", "main")
    assert "main" in {c.name for c in client.catalogs.list()}


def test_other_worlds_can_have_one_too(own: Own) -> None:
    lab = own("fresh", standby=True)
    assert [w.workspace_id for w in lab.account().workspaces.list()] == [1001, ID]
    assert lab.workspace(ID).current_user.me().id
