"""Whatever a body holds, handlers answer or refuse; they do not break."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest

from lakewarden.simulate import gate, seeding, server, world
from lakewarden.simulate.audit import AuditLog
from lakewarden.simulate.web import WORKSPACE, Route
from lakewarden.simulate.workspace import (
    cluster_policies,
    clusters,
    dashboard_schedules,
    dashboards,
    dbfs,
    experiments,
    git_credentials,
    identity,
    init_scripts,
    instance_pools,
    instance_profiles,
    job_runs,
    jobs,
    libraries,
    notification_destinations,
    pipelines,
    registered_models,
    repos,
    secrets,
    serving,
    sql_objects,
    unity_schemas,
    unity_securables,
    warehouses,
    workspace_export,
    workspace_import,
    workspace_tree,
)

MODULES = (
    *(dashboard_schedules, dashboards, experiments, notification_destinations),
    *(registered_models, sql_objects, unity_schemas),
    *(cluster_policies, clusters, dbfs, git_credentials, init_scripts, instance_pools),
    *(instance_profiles, job_runs, jobs, libraries, pipelines, repos, secrets, serving),
    *(unity_securables, warehouses, workspace_export, workspace_import),
    workspace_tree,
)
PLAUSIBLE: dict[str, Any] = {
    "cluster_id": "0000-000000-x",
    "definition": "{}",
    "job_id": 1,
    "key": "k",
    "name": "n",
    "node_type_id": "m6id.large",
    "num_workers": 1,
    "path": "/Shared/x",
    "display_name": "d",
    "experiment_id": "1",
    "provider": "gitHub",
    "scope": "s",
    "spark_version": "17.3.x-scala2.13",
    "url": "https://git.lab.example/x",
}
FIELDS = (
    *("alert", "cron_schedule", "query", "serialized_dashboard", "source", "subscriber"),
    *("add", "aws_attributes", "aws_iam_role", "autoscale", "bytes_value", "changes", "clusters"),
    *("config", "content", "contents", "custom_tags", "data", "definition", "job_clusters"),
    *("libraries", "max_clusters_per_user", "new_settings", "num_workers", "run_as", "script"),
    *("spark_conf", "string_value", "tags", "tasks", "update_mask", *PLAUSIBLE),
)
WRONG = ("text", ["item"], 3, None)
BODIES: tuple[Any, ...] = (
    *(None, [], "text", 3, {}, {"unknown": 1}),
    *(PLAUSIBLE | {field: value} for field in FIELDS for value in WRONG),
)


def routes() -> list[Route]:
    names = {module.__name__ for module in MODULES}
    return [r for r in WORKSPACE if r.method != "GET" and r.handler.__module__ in names]


def test_no_body_breaks_a_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    server.load_families()
    monkeypatch.setattr(world, "FOLDER", Path(__file__).parent / "worlds")
    built = seeding.build(world.read("lab"), {})
    workspace = built.account.workspaces[1]
    persona = gate.Persona(built.account, workspace, WORKSPACE, AuditLog(None, ""))
    scanner = built.references["scanner.id"]
    workspace.table("assignments")[scanner] = {"permissions": ["ADMIN"]}
    caller = identity.caller(built.account, workspace, scanner, "203.0.113.10")
    served = routes()
    assert len(served) > 60
    for route in served:
        path = route.path.replace("{", "").replace("}", "")
        for body in BODIES:
            call = gate.Incoming(
                route.method, path, 1, "203.0.113.10", body=copy.deepcopy(body), caller=caller
            )
            assert gate.serve(persona, call).reply.status in {200, 400, 403, 404, 409}, route


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ([], "request must be an object"),
        ({"spark_version": 17}, "spark_version must be a string"),
        ({"num_workers": "many"}, "num_workers must be a number"),
        ({"num_workers": True}, "num_workers must be a number"),
        ({"autoscale": {"max_workers": "many"}}, "max_workers must be a number"),
        ({"init_scripts": {}}, "init_scripts must be a list"),
        ({"init_scripts": ["x"]}, "init_scripts must be an object"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(admin: WorkspaceClient, body: Any, text: str) -> None:
    with pytest.raises(BadRequest, match=text) as caught:
        admin.api_client.do("POST", "/api/2.1/clusters/create", body=body)
    assert caught.value.error_code == "MALFORMED_REQUEST"
