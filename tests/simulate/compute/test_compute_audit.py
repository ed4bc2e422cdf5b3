"""What the compute families leave in the audit log."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.compute import DataSecurityMode
from databricks.sdk.service.workspace import ExportFormat, Language

from simulate.compute.lab import ADMIN, ETL, MAKER, USER, Client

HIDDEN = "not-to-be-logged-7f3a"


def records(audit_dir: Path, service: str) -> list[dict[str, Any]]:
    lines = [
        json.loads(line)
        for path in audit_dir.rglob("auditlogs_*.json")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [record for record in lines if record["serviceName"] == service]


def last(audit_dir: Path, name: str) -> dict[str, Any]:
    service, _, action = name.partition(".")
    return [r for r in records(audit_dir, service) if r["actionName"] == action][-1]


def test_a_cluster_leaves_its_mode_and_its_maker(client: Client, audit_dir: Path) -> None:
    made = client(MAKER).clusters.create(
        "17.3.x-scala2.13",
        cluster_name="noted",
        node_type_id="m6id.large",
        num_workers=1,
        data_security_mode=DataSecurityMode.NONE,
    )
    found = last(audit_dir, "clusters.create")
    assert found["requestParams"]["cluster_name"] == "noted"
    assert found["requestParams"]["data_security_mode"] == "NONE"
    assert found["userIdentity"]["email"] == MAKER
    assert found["response"]["statusCode"] == 200
    assert made.cluster_id in json.dumps(found["response"])


def test_a_refusal_is_noted_too(client: Client, audit_dir: Path) -> None:
    with pytest.raises(PermissionDenied):
        client(USER).clusters.create("17.3.x-scala2.13", node_type_id="m6id.large", num_workers=1)
    found = last(audit_dir, "clusters.create")
    assert found["response"]["statusCode"] == 403
    assert "not authorized" in found["response"]["errorMessage"]


def test_policies_and_jobs_are_noted(admin: WorkspaceClient, audit_dir: Path) -> None:
    policy_id = admin.cluster_policies.create(name="noted", definition="{}").policy_id or ""
    admin.cluster_policies.edit(policy_id, name="noted", definition="{}")
    admin.cluster_policies.delete(policy_id)
    job_id = admin.jobs.create(name="noted").job_id or 0
    admin.jobs.run_now(job_id)
    admin.jobs.delete(job_id)
    policies = [r["actionName"] for r in records(audit_dir, "clusterPolicies")][-3:]
    assert policies == ["create", "edit", "delete"]
    assert [r["actionName"] for r in records(audit_dir, "jobs")][-3:] == [
        "create",
        "runNow",
        "delete",
    ]


def test_secrets_are_noted_and_their_values_are_not(client: Client, audit_dir: Path) -> None:
    maker = client(MAKER)
    maker.secrets.create_scope("noted")
    maker.secrets.put_secret("noted", "key", string_value=HIDDEN)
    maker.secrets.get_secret("noted", "key")
    list(maker.secrets.list_scopes())
    client(ETL).git_credentials.create("gitLab", personal_access_token=HIDDEN)
    noted = records(audit_dir, "secrets")[-4:]
    actions = [record["actionName"] for record in noted]
    assert actions == ["createScope", "putSecret", "getSecret", "listScopes"]
    assert noted[1]["requestParams"] == {"scope": "noted", "key": "key"}
    everything = "".join(path.read_text() for path in audit_dir.rglob("*.json"))
    assert HIDDEN not in everything
    assert base64.b64encode(HIDDEN.encode()).decode() not in everything


def test_exports_name_their_format(client: Client, audit_dir: Path) -> None:
    maker, path = client(MAKER), f"/Users/{MAKER}/to export"
    content = base64.b64encode(HIDDEN.encode()).decode()
    maker.workspace.import_(path, content=content, language=Language.PYTHON)
    maker.workspace.export(path, format=ExportFormat.DBC)
    found = last(audit_dir, "workspace.workspaceExport")["requestParams"]
    assert (found["workspaceExportFormat"], found["notebookFullPath"]) == ("DBC", path)
    assert last(audit_dir, "notebook.importNotebook")["requestParams"]["path"] == path


def test_init_scripts_and_libraries_are_noted(admin: WorkspaceClient, audit_dir: Path) -> None:
    script = base64.b64encode(HIDDEN.encode()).decode()
    script_id = admin.global_init_scripts.create("noted", script).script_id or ""
    admin.global_init_scripts.delete(script_id)
    actions = [r["actionName"] for r in records(audit_dir, "globalInitScripts")][-2:]
    assert actions == ["create", "delete"]
    assert last(audit_dir, "globalInitScripts.create")["requestParams"]["name"] == "noted"
    assert last(audit_dir, "globalInitScripts.create")["userIdentity"]["email"] != ADMIN
