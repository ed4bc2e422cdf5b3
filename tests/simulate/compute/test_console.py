"""What a browser does: each switch refuses its own, and leaves an event either way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lakewarden.simulate import Simulation, start
from simulate.compute.test_compute_audit import records

ANALYST = "ines.oliveira@typical.example"
DOWNLOADS = {
    "notebook/preview": ("notebook", "enableResultsDownloading"),
    "notebook/results": ("notebook", "enableResultsDownloading"),
    "mlflow/artifact": ("mlflowAcledArtifact", "mlflowRunArtifactDownloadEnabled"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Simulation]:
    with start("typical", aws=False, audit_dir=folder) as simulation:
        yield simulation


def ask(served: Simulation, path: str, body: object = None, **headers: str) -> int:
    who = headers.pop("who", ANALYST)
    headers = {"Authorization": f"Bearer {served.sign_in(who)}"} | headers
    answer = httpx.post(f"{served.workspace_urls[2001]}{path}", json=body or {}, headers=headers)
    return answer.status_code


def last(folder: Path, service: str) -> dict[str, Any]:
    return max(records(folder, service)[::-1], key=lambda record: record["timestamp"])


@pytest.mark.parametrize("path", DOWNLOADS)
def test_a_download_obeys_its_switch(served: Simulation, folder: Path, path: str) -> None:
    service, key = DOWNLOADS[path]
    conf = served.account.workspaces[2001].conf
    for value, status in (("true", 200), ("false", 403)):
        conf[key] = value
        assert ask(served, f"/console/{path}") == status
        assert last(folder, service)["response"]["statusCode"] == status


def test_results_of_sql_have_a_setting(served: Simulation) -> None:
    settings = served.account.workspaces[2001].table("settings")
    assert ask(served, "/console/sql/results") == 200
    settings["sql_results_download"] = {"boolean_val": {"value": False}}
    assert ask(served, "/console/sql/results") == 403


@pytest.mark.parametrize("key", ["enableDbfsFileBrowser", "enableUploadDataUis"])
def test_an_upload_obeys_two_switches(served: Simulation, key: str) -> None:
    workspace = served.account.workspaces[2001]
    workspace.table("settings").pop("disable_legacy_dbfs", None)
    workspace.conf |= {"enableDbfsFileBrowser": "true", "enableUploadDataUis": "true"}
    assert ask(served, "/console/dbfs/upload", {"path": "/FileStore/a"}) == 200
    workspace.conf[key] = "false"
    assert ask(served, "/console/dbfs/upload", {"path": "/FileStore/a"}) == 403


def test_the_terminal_needs_the_cluster_and_the_switch(served: Simulation) -> None:
    body = {"clusterId": served.references["cluster.analysts-shared"]}
    assert ask(served, "/console/terminal", body) == 200
    assert ask(served, "/console/terminal", body, who="stefan.horvat@typical.example") == 403
    served.account.workspaces[2001].conf["enableWebTerminal"] = "false"
    assert ask(served, "/console/terminal", body) == 403


def test_passwords_are_for_those_who_may_and_from_where_they_may(
    served: Simulation, folder: Path
) -> None:
    jonas = {"user": "adm-jonas.weber@typical.example"}
    assert ask(served, "/console/login", jonas) == 200
    assert ask(served, "/console/login", {"user": ANALYST}) == 403
    login = last(folder, "accounts")
    assert (login["actionName"], login["userIdentity"]["email"]) == ("login", ANALYST)
    outside = {"X-Forwarded-For": "192.0.2.1"}
    assert ask(served, "/console/login", jonas, **outside) == 403
    assert last(folder, "accounts")["actionName"] == "IpAccessDenied"
    assert ask(served, "/console/login", {"user": "nobody@typical.example"}) == 401


def test_a_job_meets_new_rules_when_it_runs(served: Simulation, folder: Path) -> None:
    workspace = served.account.workspaces[2001]
    etl = served.references["application.ty-etl"]
    body = {"job_id": int(served.references["job.web-sessions"])}
    assert ask(served, "/api/2.2/jobs/run-now", body, who=etl) == 200
    launched = last(folder, "clusters")["requestParams"]
    assert launched["cluster_creator"] == "JOB_LAUNCHER"
    assert launched["cluster_name"].startswith(f"job-{body['job_id']}-run-")
    policy = workspace.table("cluster-policies")[served.references["policy.ty-engineers"]]
    policy["definition"] = '{"num_workers": {"type": "range", "maxValue": 1}}'
    assert ask(served, "/api/2.2/jobs/run-now", body, who=etl) == 200
    assert last(folder, "jobs")["actionName"] == "runFailed"
    run = list(workspace.table("job-runs").values())[-1]
    assert run["state"]["result_state"] == "FAILED"
    assert "num_workers" in run["state"]["state_message"]


def test_standard_clusters_load_what_the_allow_list_names(served: Simulation) -> None:
    def install(cluster: str, library: dict[str, object], who: str) -> int:
        body = {"cluster_id": served.references[f"cluster.{cluster}"], "libraries": [library]}
        return ask(served, "/api/2.0/libraries/install", body, who=who)

    marco, maven = "marco.bianchi@typical.example", {"maven": {"coordinates": "com.acme:a:1"}}
    assert install("marketing-attribution", maven, marco) == 403
    assert install("marketing-attribution", {"pypi": {"package": "a"}}, marco) == 200
    assert install("zoe-features", maven, "zoe.papadaki@typical.example") == 200
