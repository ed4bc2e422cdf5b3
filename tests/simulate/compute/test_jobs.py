from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    InvalidParameterValue,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service.compute import ClusterSpec, DataSecurityMode
from databricks.sdk.service.jobs import (
    JobAccessControlRequest,
    JobCluster,
    JobPermissionLevel,
    JobRunAs,
    JobSettings,
    NotebookTask,
    Task,
)

from lakewarden.simulate.state import Workspace
from lakewarden.simulate.workspace import identity
from simulate.compute.lab import ADMIN, ETL, MAKER, USER, Client


def task(key: str, **fields: Any) -> Task:
    return Task(task_key=key, notebook_task=NotebookTask(notebook_path="/Shared/x"), **fields)


def make(client: WorkspaceClient, name: str, **settings: Any) -> int:
    settings.setdefault("tasks", [task("only")])
    job_id = client.jobs.create(name=name, **settings).job_id
    assert job_id
    return job_id


def application_id(workspace: Workspace, name: str) -> str:
    found = identity.named(workspace.account, name)
    assert found is not None
    return str(found[1]["applicationId"])


@contextmanager
def role(workspace: Workspace, application: str, principal: str) -> Iterator[None]:
    """Let somebody act as a service principal."""
    name = f"accounts/{workspace.account.id}/servicePrincipals/{application}/ruleSets/default"
    rule = {"role": "roles/servicePrincipal.user", "principals": [principal]}
    workspace.account.table("rule-sets")[name] = {"grant_rules": [rule]}
    yield
    del workspace.account.table("rule-sets")[name]


def test_a_job_is_kept_and_runs_as_its_creator(client: Client) -> None:
    maker = client(MAKER)
    job_id = make(maker, "kept", tags={"Owner": "x"})
    found = maker.jobs.get(job_id)
    assert found.run_as_user_name == MAKER
    assert found.creator_user_name == MAKER
    assert found.settings is not None
    assert found.settings.tags == {"Owner": "x"}
    maker.jobs.delete(job_id)
    with pytest.raises(ResourceDoesNotExist):
        maker.jobs.get(job_id)


def test_lists_page_and_are_brief(admin: WorkspaceClient) -> None:
    made = {make(admin, f"listed-{n}") for n in range(5)}
    listed = list(admin.jobs.list(limit=2))
    assert made <= {job.job_id for job in listed}
    assert len(listed) == len({job.job_id for job in listed})
    assert all(job.settings and not job.settings.tasks for job in listed)
    (named,) = admin.jobs.list(name="LISTED-3")
    assert named.settings is not None
    assert named.settings.name == "listed-3"
    with pytest.raises(InvalidParameterValue, match="limit must be between 1 and 100"):
        list(admin.jobs.list(limit=101))


def test_offsets_still_work(admin: WorkspaceClient) -> None:
    for n in range(4):
        make(admin, f"offset-{n}")
    everything = [job.job_id for job in admin.jobs.list()]
    body = admin.api_client.do("GET", "/api/2.1/jobs/list", query={"offset": 1, "limit": 2})
    assert isinstance(body, dict)
    assert [job["job_id"] for job in body["jobs"]] == everything[1:3]
    assert body["has_more"] is True


def test_large_jobs_come_in_pieces(admin: WorkspaceClient) -> None:
    tasks = [task(f"t{n}") for n in range(230)]
    job_id = make(admin, "large", tasks=tasks)
    raw = admin.api_client.do(
        "GET", "/api/2.2/jobs/list", query={"expand_tasks": "true", "name": "large"}
    )
    assert isinstance(raw, dict)
    (brief,) = raw["jobs"]
    assert (len(brief["settings"]["tasks"]), brief["has_more"]) == (100, True)
    whole = admin.jobs.get(job_id)
    assert whole.settings is not None
    assert [t.task_key for t in whole.settings.tasks or ()] == [f"t{n}" for n in range(230)]
    (expanded,) = admin.jobs.list(expand_tasks=True, name="large")
    assert expanded.settings is not None
    assert len(expanded.settings.tasks or ()) == 230
    with pytest.raises(InvalidParameterValue, match="at most 1000"):
        make(admin, "huge", tasks=[task(f"t{n}") for n in range(1001)])


def test_updates_merge_and_resets_replace(admin: WorkspaceClient) -> None:
    job_id = make(admin, "changing", tasks=[task("a"), task("b")], tags={"k": "v"})
    admin.jobs.update(
        job_id,
        new_settings=JobSettings(tasks=[task("b", description="new"), task("c")]),
        fields_to_remove=["tags"],
    )
    settings = admin.jobs.get(job_id).settings
    assert settings is not None
    assert [(t.task_key, t.description) for t in settings.tasks or ()] == [
        ("a", None),
        ("b", "new"),
        ("c", None),
    ]
    assert not settings.tags
    admin.jobs.reset(job_id, JobSettings(name="replaced"))
    replaced = admin.jobs.get(job_id).settings
    assert replaced is not None
    assert (replaced.name, replaced.tasks) == ("replaced", [])


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"tasks": [task("x"), task("x")]}, "task_key of its own"),
        ({"tasks": [task("x", job_cluster_key="none")]}, "'none' is not defined"),
        ({"tasks": [task("x", existing_cluster_id="none")]}, "none does not exist"),
    ],
)
def test_a_bad_job_is_refused(admin: WorkspaceClient, settings: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParameterValue, match=text):
        make(admin, "bad", **settings)


def test_job_clusters_obey_entitlements_and_switches(
    client: Client, admin: WorkspaceClient, workspace: Workspace
) -> None:
    spec = ClusterSpec(spark_version="17.3.x-scala2.13", node_type_id="m6id.large", num_workers=1)
    shared = [JobCluster(job_cluster_key="main", new_cluster=spec)]
    with pytest.raises(PermissionDenied, match="not authorized to create clusters"):
        make(client(USER), "unentitled", job_clusters=shared)
    make(client(MAKER), "entitled", job_clusters=shared)
    workspace.conf["enforceUserIsolation"] = "true"
    with pytest.raises(InvalidParameterValue, match="without user isolation"):
        make(admin, "open", tasks=[task("x", new_cluster=spec)])
    spec.data_security_mode = DataSecurityMode.SINGLE_USER
    make(admin, "isolated", tasks=[task("x", new_cluster=spec)])


def test_people_see_the_jobs_they_may(
    client: Client, admin: WorkspaceClient, workspace: Workspace
) -> None:
    user, job_id = client(USER), make(client(MAKER), "private")
    assert job_id not in {job.job_id for job in user.jobs.list()}
    with pytest.raises(PermissionDenied):
        user.jobs.get(job_id)
    workspace.conf["enableJobViewAcls"] = "false"
    assert job_id in {job.job_id for job in user.jobs.list()}
    with pytest.raises(PermissionDenied):
        user.jobs.run_now(job_id)
    entry = JobAccessControlRequest(
        user_name=USER, permission_level=JobPermissionLevel.CAN_MANAGE_RUN
    )
    admin.jobs.update_permissions(job_id, access_control_list=[entry])
    assert user.jobs.run_now(job_id).run_id
    with pytest.raises(PermissionDenied):
        user.jobs.update(job_id, new_settings=JobSettings(name="mine"))


def test_running_as_somebody_else_takes_a_role(
    client: Client, admin: WorkspaceClient, workspace: Workspace
) -> None:
    etl = application_id(workspace, ETL)
    run_as = JobRunAs(service_principal_name=etl)
    for caller in (client(MAKER), admin):
        with pytest.raises(PermissionDenied, match="not allowed to set run_as"):
            make(caller, "as etl", run_as=run_as)
    with pytest.raises(InvalidParameterValue, match="does not exist"):
        make(admin, "as nobody", run_as=JobRunAs(user_name="nobody@lab.example"))
    with role(workspace, etl, f"users/{MAKER}"):
        job_id = make(client(MAKER), "as etl, with the role", run_as=run_as)
    assert admin.jobs.get(job_id).run_as_user_name == etl


def test_admins_choose_among_people_unless_they_are_restricted(
    admin: WorkspaceClient, workspace: Workspace
) -> None:
    run_as = JobRunAs(user_name=USER)
    job_id = make(admin, "as somebody", run_as=run_as)
    status = {"status": "RESTRICT_TOKENS_AND_JOB_RUN_AS"}
    settings = workspace.table("settings")
    settings["restrict_workspace_admins"] = {"restrict_workspace_admins": status}
    try:
        with pytest.raises(PermissionDenied, match="not allowed to set run_as"):
            make(admin, "as somebody else", run_as=run_as)
        owner = JobAccessControlRequest(
            user_name=USER, permission_level=JobPermissionLevel.IS_OWNER
        )
        with pytest.raises(PermissionDenied, match="to themselves"):
            admin.jobs.update_permissions(job_id, access_control_list=[owner])
    finally:
        del settings["restrict_workspace_admins"]


def test_the_list_names_whom_jobs_run_as(
    client: Client, admin: WorkspaceClient, workspace: Workspace
) -> None:
    run_as = JobRunAs(service_principal_name=application_id(workspace, ETL))
    with role(workspace, str(run_as.service_principal_name), f"users/{MAKER}"):
        job_id = make(client(MAKER), "listed as etl", run_as=run_as)
    query = {"name": "listed as etl"}
    body = admin.api_client.do("GET", "/api/2.2/jobs/list", query=query)
    assert isinstance(body, dict)
    (job,) = body["jobs"]
    assert job["run_as_user_name"] == run_as.service_principal_name
    assert "run_as" not in job["settings"]
    settings = admin.jobs.get(job_id).settings
    assert settings is not None
    assert settings.run_as == run_as


def test_compliance_follows_the_policy(admin: WorkspaceClient) -> None:
    rules = {
        "num_workers": {"type": "range", "maxValue": 4},
        "autotermination_minutes": {"type": "fixed", "value": 30},
    }
    policy_id = admin.cluster_policies.create(name="jobs", definition=json.dumps(rules)).policy_id
    assert policy_id
    spec = ClusterSpec(
        spark_version="17.3.x-scala2.13",
        node_type_id="m6id.large",
        num_workers=4,
        policy_id=policy_id,
    )
    shared = [JobCluster(job_cluster_key="main", new_cluster=spec)]
    job_id = make(admin, "governed", job_clusters=shared)
    compliance = admin.policy_compliance_for_jobs
    assert compliance.get_compliance(job_id).is_compliant is True
    rules["num_workers"]["maxValue"] = 2
    admin.cluster_policies.edit(policy_id, name="jobs", definition=json.dumps(rules))
    (row,) = compliance.list_compliance(policy_id)
    assert (row.job_id, row.is_compliant) == (job_id, False)
    assert set(compliance.get_compliance(job_id).violations or {}) == {"main.num_workers"}
    assert compliance.enforce_compliance(job_id, validate_only=True).has_changes is True
    assert compliance.get_compliance(job_id).is_compliant is False
    changes = compliance.enforce_compliance(job_id).job_cluster_changes or []
    assert [(c.previous_value, c.new_value) for c in changes if c.field == "main.num_workers"] == [
        ("4", "2")
    ]
    assert compliance.get_compliance(job_id).is_compliant is True
    spec.num_workers = 9
    with pytest.raises(InvalidParameterValue, match="num_workers"):
        make(admin, "too large", job_clusters=shared)


def test_restricted_admins_do_not_run_jobs_as_others(
    client: Client, admin: WorkspaceClient, workspace: Workspace
) -> None:
    job_id = make(client(MAKER), "taken over")
    status = {"status": "RESTRICT_TOKENS_AND_JOB_RUN_AS"}
    workspace.table("settings")["restrict_workspace_admins"] = {"restrict_workspace_admins": status}
    with pytest.raises(PermissionDenied, match="not allowed to set run_as"):
        admin.jobs.update(job_id, new_settings=JobSettings(run_as=JobRunAs(user_name=USER)))
    himself = JobRunAs(service_principal_name=application_id(workspace, ADMIN))
    admin.jobs.update(job_id, new_settings=JobSettings(run_as=himself))
    assert admin.jobs.get(job_id).run_as_user_name == himself.service_principal_name


def test_runs_are_listed_newest_first(admin: WorkspaceClient) -> None:
    job_id = make(admin, "often")
    runs = [admin.jobs.run_now(job_id).run_id for _ in range(3)]
    assert [run.run_id for run in admin.jobs.list_runs(job_id=job_id, limit=2)] == runs[::-1]
    once = admin.jobs.submit(run_name="once", tasks=[]).run_id
    assert admin.jobs.get_run(once).run_name == "once"
    with pytest.raises(ResourceDoesNotExist):
        admin.jobs.get_run(1)
