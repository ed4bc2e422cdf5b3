"""Events of single calls, as the catalogue of the platform's audit log has them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import NotFound, PermissionDenied, ResourceConflict
from databricks.sdk.service.catalog import PermissionsChange, Privilege

from lakewarden.simulate import start
from simulate.core.kit import Lab

MARA = "adm-mara.lindqvist@typical.example"
BRUNO = "bruno.costa@typical.example"
INES = "ines.oliveira@typical.example"

Found = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[Lab]:
    opened = Lab(start("typical", aws=False, audit_dir=folder))
    yield opened
    opened.close()


@pytest.fixture
def found(folder: Path) -> Found:
    """Return the events of the workspace that have a name, oldest first."""

    def named(name: str) -> list[dict[str, Any]]:
        service, _, action = name.partition(".")
        files = sorted(folder.glob("workspaceId=2001/date=*/*.json"))
        lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        return [e for e in lines if (e["serviceName"], e["actionName"]) == (service, action)]

    return named


def test_files_in_volumes_come_and_go(lab: Lab, found: Found) -> None:
    files, path = lab.workspace(2001, INES).files, "/Volumes/main/crm/exports/accounts.csv"
    files.upload(path, io.BytesIO(b"a,b\n"))
    with pytest.raises(ResourceConflict):
        files.upload(path, io.BytesIO(b"other"), overwrite=False)
    answer = files.download(path).contents
    assert answer is not None
    assert answer.read() == b"a,b\n"
    files.delete(path)
    with pytest.raises(NotFound):
        files.download(path)
    got, missed = (found("filesystem.filesGet")[i] for i in (0, -1))
    assert got["requestParams"] == {"path": path}
    assert (missed["requestParams"], missed["response"]["statusCode"]) == ({"path": path}, 404)
    assert found("filesystem.filesPut")[0]["requestParams"] == {"path": path}
    (gone,) = found("filesystem.filesDelete")
    assert gone["userIdentity"]["email"] == INES


def test_what_became_of_a_cluster_is_told_of_apart(lab: Lab, found: Found) -> None:
    clusters = lab.workspace(2001, MARA).clusters
    made = clusters.create(
        "17.3.x-scala2.13", cluster_name="told", node_type_id="m5d.large", num_workers=1
    ).response
    cluster_id = made.cluster_id or ""
    clusters.edit(
        cluster_id, "17.3.x-scala2.13", cluster_name="told", node_type_id="m5d.large", num_workers=2
    )
    clusters.delete(cluster_id)
    clusters.start(cluster_id)
    on, off = "RUNNING", "TERMINATED"
    for action, state in (("create", on), ("edit", on), ("delete", off), ("start", on)):
        asked, told = found(f"clusters.{action}")[-1], found(f"clusters.{action}Result")[-1]
        assert told["requestId"] == asked["requestId"]
        assert told["requestParams"]["clusterId"] == cluster_id
        assert told["requestParams"]["clusterName"] == "told"
        assert told["requestParams"]["clusterState"] == state
    with pytest.raises(PermissionDenied):
        lab.workspace(2001, INES).clusters.delete(cluster_id)
    assert found("clusters.delete")[-1]["response"]["statusCode"] == 403
    assert len(found("clusters.deleteResult")) == 1


def test_exports_name_the_notebook(lab: Lab, found: Found) -> None:
    path = "/Shared/handbook/connect-to-crm"
    lab.workspace(2001, MARA).workspace.download(path).close()
    noted = found("workspace.workspaceExport")[-1]["requestParams"]
    assert noted == {
        "notebookFullPath": path,
        "workspaceExportFormat": "SOURCE",
        "workspaceExportDirectDownload": "true",
    }


def test_grants_name_the_securable_and_the_changes(lab: Lab, found: Found) -> None:
    change = PermissionsChange(add=[Privilege.ALL_PRIVILEGES], principal=BRUNO)
    lab.workspace(2001, MARA).grants.update("catalog", "main", changes=[change])
    noted = found("unityCatalog.updatePermissions")[-1]["requestParams"]
    assert (noted["securable_type"], noted["securable_full_name"]) == ("catalog", "main")
    assert json.loads(noted["changes"]) == [{"add": ["ALL_PRIVILEGES"], "principal": BRUNO}]


def test_a_token_that_may_not_come_in_leaves_a_refused_login(lab: Lab, found: Found) -> None:
    made = lab.workspace(2001, BRUNO).tokens.create(comment="soon off", lifetime_seconds=600)
    token_id = (made.token_info and made.token_info.token_id) or ""
    admin = lab.workspace(2001, MARA)
    admin.workspace_conf.set_status({"enableTokensConfig": "false"})
    with pytest.raises(PermissionDenied):
        lab.workspace(2001, token=made.token_value).current_user.me()
    admin.workspace_conf.set_status({"enableTokensConfig": "true"})
    login = found("accounts.tokenLogin")[-1]
    assert login["requestParams"]["tokenId"] == token_id
    assert login["response"]["statusCode"] == 403
    assert "disabled" in login["response"]["errorMessage"]


def test_the_vendors_staff_are_noted_when_admitted_and_when_not(lab: Lab, found: Found) -> None:
    ask = {"user": "vendor@databricks.com", "approver": MARA, "duration": "PT1H", "reason": "case"}
    assert lab.http(2001).post("/console/support", json=ask).status_code == 200
    assert lab.http(2001).post("/console/support", json={"user": ask["user"]}).status_code == 200
    lab.workspace(2001, MARA).workspace_conf.set_status(
        {"customerApprovedWSLoginExpirationTime": "2000-01-01T00:00:00.000Z"}
    )
    assert lab.http(2001).post("/console/support", json=ask).status_code == 403
    admitted, refused = found("genie.databricksAccess")
    assert admitted["userIdentity"]["email"] == "vendor@databricks.com"
    assert admitted["requestParams"] == {**ask, "authType": "GENIE_AUTH"}
    assert [e["response"]["statusCode"] for e in (admitted, refused)] == [200, 403]
    logins = [
        login["requestParams"]
        for login in found("accounts.login")
        if login["requestParams"]["user"] == "vendor@databricks.com"
    ]
    assert [login["authenticationMethod"] for login in logins] == ["GENIE_AUTH"] * 3
