from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    BadRequest,
    DatabricksError,
    InternalError,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from lakewarden.simulate.state import Workspace
from lakewarden.simulate.workspace import workspace_export, workspace_import
from simulate.compute.lab import MAKER, USER, Client

HOME = f"/Users/{MAKER}"
GIT = "https://git.lab.example/acme/etl.git"


def write(client: WorkspaceClient, path: str, source: bytes = b"print(1)") -> None:
    content = base64.b64encode(source).decode()
    client.workspace.mkdirs(path.rpartition("/")[0])
    client.workspace.import_(
        path, content=content, format=ImportFormat.SOURCE, language=Language.PYTHON
    )


def test_a_notebook_goes_in_and_comes_out(client: Client) -> None:
    maker = client(MAKER)
    write(maker, f"{HOME}/deep/down/a")
    found = maker.workspace.get_status(f"/Workspace{HOME}/deep/down/a")
    assert (found.object_type, found.language) == (ObjectType.NOTEBOOK, Language.PYTHON)
    (listed,) = maker.workspace.list(f"{HOME}/deep/down")
    assert listed.path == f"{HOME}/deep/down/a"
    names = {o.path for o in maker.workspace.list(HOME, recursive=True)}
    assert f"{HOME}/deep/down/a" in names
    exported = maker.workspace.export(f"{HOME}/deep/down/a", format=ExportFormat.SOURCE)
    assert base64.b64decode(exported.content or "") == b"print(1)"
    with maker.workspace.download(f"{HOME}/deep/down/a") as stream:
        assert stream.read() == b"print(1)"


def test_other_formats_carry_the_same_source(client: Client) -> None:
    maker = client(MAKER)
    write(maker, f"{HOME}/formats/a", b"x < 1")
    write(maker, f"{HOME}/formats/b", b"y")

    def export(path: str, form: ExportFormat) -> bytes:
        return base64.b64decode(maker.workspace.export(path, format=form).content or "")

    notebook = json.loads(export(f"{HOME}/formats/a", ExportFormat.JUPYTER))
    assert notebook["cells"][0]["source"] == "x < 1"
    assert b"x &lt; 1" in export(f"{HOME}/formats/a", ExportFormat.HTML)
    archive = zipfile.ZipFile(io.BytesIO(export(f"{HOME}/formats", ExportFormat.DBC)))
    assert sorted(archive.namelist()) == ["formats/", "formats/a.py", "formats/b.py"]
    single = zipfile.ZipFile(io.BytesIO(export(f"{HOME}/formats/a", ExportFormat.DBC)))
    assert len(single.namelist()) == 1
    with pytest.raises(InvalidParameterValue, match="cannot be exported as HTML"):
        export(f"{HOME}/formats", ExportFormat.HTML)
    query = {"path": f"{HOME}/formats/a", "format": "PDF"}
    with pytest.raises(InvalidParameterValue, match="format must be one of"):
        maker.api_client.do("GET", "/api/2.0/workspace/export", query=query)


def test_uploads_work_as_forms(client: Client) -> None:
    maker = client(MAKER)
    header = b"# Databricks notebook source\n"
    maker.workspace.upload(f"{HOME}/tool.py", header + b"print(2)", format=ImportFormat.AUTO)
    assert maker.workspace.get_status(f"{HOME}/tool").object_type is ObjectType.NOTEBOOK
    maker.workspace.upload(f"{HOME}/module.py", b"print(2)", format=ImportFormat.AUTO)
    assert maker.workspace.get_status(f"{HOME}/module.py").object_type is ObjectType.FILE
    maker.workspace.upload(f"{HOME}/data.bin", b"\x00\x01", format=ImportFormat.RAW)
    assert maker.workspace.get_status(f"{HOME}/data.bin").object_type is ObjectType.FILE
    with maker.workspace.download(f"{HOME}/data.bin", format=ExportFormat.AUTO) as stream:
        assert stream.read() == b"\x00\x01"


def test_formats_come_back_as_they_went(client: Client) -> None:
    maker = client(MAKER)
    cells = ["x = 1", "# MAGIC %sql\n# MAGIC SELECT 1", "# MAGIC %md\n# MAGIC about *x*", "y"]
    text = "\n\n# COMMAND ----------\n\n".join(cells)
    source = f"# Databricks notebook source\n{text}".encode()
    write(maker, f"{HOME}/round/trip", source)
    write(maker, f"{HOME}/round/inner/other", b"z")
    maker.workspace.upload(f"{HOME}/round/data.csv", b"1,2", format=ImportFormat.RAW)
    maker.workspace.mkdirs(f"{HOME}/round/empty")

    def again(path: str, form: ExportFormat, to: str) -> None:
        content = maker.workspace.export(path, format=form).content
        maker.workspace.import_(to, content=content, format=ImportFormat(form.value))

    again(f"{HOME}/round/trip", ExportFormat.JUPYTER, f"{HOME}/trip jupyter")
    again(f"{HOME}/round/trip", ExportFormat.DBC, f"{HOME}/trip dbc")
    for name in ("trip jupyter", "trip dbc"):
        assert maker.workspace.download(f"{HOME}/{name}").read() == source
    again(f"{HOME}/round", ExportFormat.DBC, f"{HOME}/round again")
    found = {o.path: o.object_type for o in maker.workspace.list(HOME, recursive=True)}
    assert found[f"{HOME}/round again/inner/other"] is ObjectType.NOTEBOOK
    assert found[f"{HOME}/round again/data.csv"] is ObjectType.FILE
    assert f"{HOME}/round again/empty" in {
        o.path for o in maker.workspace.list(f"{HOME}/round again")
    }
    with pytest.raises(ResourceAlreadyExists):
        again(f"{HOME}/round", ExportFormat.DBC, f"{HOME}/round again")
    with pytest.raises(InvalidParameterValue, match="Overwrite cannot be used"):
        maker.workspace.import_(f"{HOME}/x", content="", format=ImportFormat.DBC, overwrite=True)
    with pytest.raises(InvalidParameterValue, match="not in Jupyter's format"):
        maker.workspace.import_(f"{HOME}/x", content="e30=", format=ImportFormat.JUPYTER)


def test_files_of_any_size_are_written_as_they_are(client: Client) -> None:
    maker = client(MAKER)
    content = b"x" * (10 * 1024 * 1024 + 1)

    def upload(name: str, data: bytes, **query: str) -> None:
        path = f"/api/2.0/workspace-files/import-file{HOME}/{name}"
        headers = {"Content-Type": "application/octet-stream"}
        maker.api_client.do("POST", path, query=query, data=data, headers=headers)

    upload("large.bin", content)
    assert maker.workspace.get_status(f"{HOME}/large.bin").size == len(content)
    with pytest.raises(DatabricksError) as caught:
        maker.workspace.export(f"{HOME}/large.bin")
    assert caught.value.error_code == "MAX_NOTEBOOK_SIZE_EXCEEDED"
    with pytest.raises(ResourceAlreadyExists):
        upload("large.bin", b"")
    upload("large.bin", b'{"small": 1}', overwrite="true")
    assert maker.workspace.download(f"{HOME}/large.bin").read() == b'{"small": 1}'
    with pytest.raises(ResourceDoesNotExist, match="parent folder"):
        upload("nowhere/a", b"")


def test_names_that_differ_in_case_are_two(client: Client) -> None:
    maker = client(MAKER)
    write(maker, f"{HOME}/case/Report", b"1")
    write(maker, f"{HOME}/case/report", b"2")
    assert maker.workspace.download(f"{HOME}/case/Report").read() == b"1"
    assert len(list(maker.workspace.list(f"{HOME}/case"))) == 2


def test_nothing_is_overwritten_unasked(client: Client) -> None:
    maker = client(MAKER)
    write(maker, f"{HOME}/kept")
    with pytest.raises(ResourceAlreadyExists):
        write(maker, f"{HOME}/kept")
    maker.workspace.import_(
        f"{HOME}/kept",
        content=base64.b64encode(b"new").decode(),
        language=Language.PYTHON,
        overwrite=True,
    )
    with pytest.raises(InvalidParameterValue, match="Cannot overwrite a NOTEBOOK"):
        maker.workspace.import_(f"{HOME}/kept", format=ImportFormat.RAW, overwrite=True)
    with pytest.raises(InvalidParameterValue, match="in base64"):
        maker.workspace.import_(f"{HOME}/odd", content="?", language=Language.SQL)
    with pytest.raises(InvalidParameterValue, match="language is required"):
        maker.workspace.import_(f"{HOME}/odd", content="", format=ImportFormat.SOURCE)


def test_folders_are_removed_with_care(client: Client) -> None:
    maker = client(MAKER)
    write(maker, f"{HOME}/full/a")
    with pytest.raises(BadRequest, match="not empty"):
        maker.workspace.delete(f"{HOME}/full")
    maker.workspace.delete(f"{HOME}/full", recursive=True)
    with pytest.raises(ResourceDoesNotExist):
        maker.workspace.get_status(f"{HOME}/full/a")
    with pytest.raises(InvalidParameterValue, match="must be absolute"):
        maker.workspace.mkdirs("relative")


def test_the_roots_are_protected(admin: WorkspaceClient) -> None:
    admin.workspace.mkdirs("/Shared")
    with pytest.raises(BadRequest, match="protected"):
        admin.workspace.delete("/Shared", recursive=True)


def test_the_access_list_of_shared_is_protected(admin: WorkspaceClient) -> None:
    shared = str(admin.workspace.get_status("/Shared").object_id)
    assert admin.permissions.get("directories", shared).access_control_list
    with pytest.raises(InternalError, match="Cannot modify permissions"):
        admin.permissions.set("directories", shared, access_control_list=[])


def test_homes_are_private_and_shared_is_not(client: Client, workspace: Workspace) -> None:
    maker, user = client(MAKER), client(USER)
    write(maker, f"{HOME}/private")
    with pytest.raises(PermissionDenied):
        user.workspace.get_status(f"{HOME}/private")
    with pytest.raises(PermissionDenied):
        write(user, f"{HOME}/intruder")
    assert HOME not in {o.path for o in user.workspace.list("/Users")}
    write(maker, "/Shared/common")
    assert user.workspace.get_status("/Shared/common").path == "/Shared/common"
    workspace.conf["enforceWorkspaceViewAcls"] = "false"
    assert HOME in {o.path for o in user.workspace.list("/Users")}
    with pytest.raises(PermissionDenied):
        user.workspace.delete(f"{HOME}/private")


def test_the_export_switch_stops_everybody_but_admins(
    client: Client, admin: WorkspaceClient, workspace: Workspace
) -> None:
    maker = client(MAKER)
    write(maker, f"{HOME}/not to go")
    workspace.conf["enableExportNotebook"] = "false"
    with pytest.raises(PermissionDenied, match="export is disabled"):
        maker.workspace.export(f"{HOME}/not to go")
    assert admin.workspace.export(f"{HOME}/not to go").content


def test_large_objects_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = client(MAKER)
    write(maker, f"{HOME}/large", b"x" * 100)
    monkeypatch.setattr(workspace_export, "BYTES_MOST", 99)
    monkeypatch.setattr(workspace_import, "BYTES_MOST", 99)
    with pytest.raises(DatabricksError, match="exceeds 99") as caught:
        maker.workspace.export(f"{HOME}/large")
    assert caught.value.error_code == "MAX_NOTEBOOK_SIZE_EXCEEDED"
    with pytest.raises(DatabricksError, match="exceeds 99"):
        write(maker, f"{HOME}/larger", b"x" * 100)


def test_a_git_folder_is_cloned_and_moved(client: Client) -> None:
    maker = client(MAKER)
    repo = maker.repos.create(url=GIT, provider="gitLab")
    assert repo.path == f"/Repos/{MAKER}/etl"
    assert repo.id
    assert maker.workspace.get_status(repo.path).object_type is ObjectType.REPO
    before = maker.repos.get(repo.id).head_commit_id
    assert repo.branch == "main"
    maker.repos.update(repo.id, branch="release")
    after = maker.repos.get(repo.id)
    assert after.branch == "release"
    assert after.head_commit_id != before
    with pytest.raises(InvalidParameterValue):
        maker.repos.update(repo.id, branch="a", tag="b")
    with pytest.raises(PermissionDenied):
        client(USER).repos.get(repo.id)
    assert repo.id not in {r.id for r in client(USER).repos.list()}
    with pytest.raises(ResourceAlreadyExists):
        maker.repos.create(url=GIT, provider="gitLab")
    maker.repos.delete(repo.id)
    with pytest.raises(ResourceDoesNotExist):
        maker.workspace.get_status(f"/Repos/{MAKER}/etl")


def test_git_folders_page_with_their_own_token(client: Client, admin: WorkspaceClient) -> None:
    maker = client(MAKER)
    made = {
        maker.repos.create(url=GIT, provider="gitLab", path=f"/Repos/{MAKER}/r{n}").id
        for n in range(23)
    }
    assert made <= {repo.id for repo in admin.repos.list()}
    first = admin.api_client.do("GET", "/api/2.0/repos")
    assert isinstance(first, dict)
    assert len(first["repos"]) == 20
    second = admin.api_client.do(
        "GET", "/api/2.0/repos", query={"next_page_token": first["next_page_token"]}
    )
    assert isinstance(second, dict)
    assert first["repos"][0] not in second["repos"]
    prefixed = [r.path for r in admin.repos.list(path_prefix=f"/Repos/{MAKER}/r2")]
    assert len(prefixed) == 4


ALLOW_LIST = {
    "enableProjectsAllowList": "true",
    "projectsAllowList": "https://git.other.example, https://git.lab.example/acme/",
    "projectsAllowListPermissions": "ALLOWLISTED_CLONE_COMMIT_PUSH",
}


@pytest.mark.parametrize("name", ["acme/etl", "ACME/deep/er.git"])
def test_listed_urls_are_cloned(client: Client, workspace: Workspace, name: str) -> None:
    workspace.conf |= ALLOW_LIST
    path, url = f"/Repos/{MAKER}/listed-{len(name)}", f"https://git.lab.example/{name}"
    assert client(MAKER).repos.create(url=url, provider="gitLab", path=path).url == url


@pytest.mark.parametrize("host", ["git.lab.example/acme-fork", "git.elsewhere.example/acme"])
def test_other_urls_are_not(client: Client, workspace: Workspace, host: str) -> None:
    maker, path = client(MAKER), f"/Repos/{MAKER}/other-{len(host)}"
    workspace.conf |= ALLOW_LIST
    with pytest.raises(PermissionDenied, match="not on the allow list"):
        maker.repos.create(url=f"https://{host}/etl", provider="gitLab", path=path)
    workspace.conf["projectsAllowListPermissions"] = "ALLOWLISTED_COMMIT_PUSH"
    assert maker.repos.create(url=f"https://{host}/etl", provider="gitLab", path=path).id


def test_git_folders_can_be_switched_off(client: Client, workspace: Workspace) -> None:
    workspace.conf["enableProjectTypeInWorkspace"] = "false"
    with pytest.raises(NotFound, match="disabled"):
        client(MAKER).repos.create(url=GIT, provider="gitLab")
    workspace.conf.clear()
    with pytest.raises(InvalidParameterValue, match="Invalid Git URL"):
        client(MAKER).repos.create(url="file:///etc", provider="gitLab")


def test_dbfs_keeps_files(admin: WorkspaceClient) -> None:
    with admin.dbfs.open("/tmp/a.bin", write=True, overwrite=True) as handle:
        handle.write(b"x" * 1_500_000)
    assert admin.dbfs.get_status("/tmp/a.bin").file_size == 1_500_000
    with admin.dbfs.open("/tmp/a.bin", read=True) as handle:
        assert handle.read() == b"x" * 1_500_000
    admin.dbfs.mkdirs("/tmp/inner")
    assert {f.path for f in admin.dbfs.list("/tmp")} == {"/tmp/a.bin", "/tmp/inner"}
    admin.dbfs.move_("/tmp/a.bin", "/moved/b.bin")
    assert [f.path for f in admin.dbfs.list("dbfs:/moved/b.bin")] == ["/moved/b.bin"]
    with pytest.raises(ResourceDoesNotExist):
        admin.dbfs.get_status("/tmp/a.bin")
    with pytest.raises(ResourceAlreadyExists):
        admin.dbfs.put("/moved/b.bin", contents="")
    with pytest.raises(DatabricksError, match="not empty"):
        admin.api_client.do("POST", "/api/2.0/dbfs/delete", body={"path": "/moved"})
    admin.dbfs.delete("/moved", recursive=True)
    admin.dbfs.put("/big", contents="")
    with pytest.raises(BadRequest, match="must be at most"):
        admin.dbfs.read("/big", length=2**21)


def test_disabled_dbfs_refuses_everything(admin: WorkspaceClient, workspace: Workspace) -> None:
    workspace.table("settings")["disable_legacy_dbfs"] = {"disable_legacy_dbfs": {"value": True}}
    with pytest.raises(PermissionDenied, match=r"Public DBFS root is disabled\..*path: /mnt"):
        list(admin.dbfs.list("/mnt"))
    with pytest.raises(PermissionDenied):
        admin.dbfs.put("/x", contents="")
