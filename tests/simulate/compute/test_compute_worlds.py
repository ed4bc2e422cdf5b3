"""The estates of the worlds: sizes, the promises of high-security, the lies of neglected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from lakewarden.simulate import server
from lakewarden.simulate.workspace.cluster_spec import isolates
from lakewarden.simulate.workspace.node_types import encrypts_in_transit

ISOLATING = {"USER_ISOLATION", "SINGLE_USER"}
TAGS = {"CostCenter", "Owner", "Environment"}


def clients(simulation: server.Simulation) -> dict[int, WorkspaceClient]:
    return {
        workspace_id: WorkspaceClient(
            config=Config(host=url, token=simulation.token, auth_type="pat")
        )
        for workspace_id, url in simulation.workspace_urls.items()
    }


@pytest.fixture(scope="module")
def secure() -> Iterator[dict[int, WorkspaceClient]]:
    with server.start("high-security", aws=False) as simulation:
        yield clients(simulation)


@pytest.fixture(scope="module")
def neglected() -> Iterator[dict[int, WorkspaceClient]]:
    with server.start("neglected", aws=False) as simulation:
        yield clients(simulation)


def total(workspaces: dict[int, WorkspaceClient], kind: str) -> int:
    def count(client: WorkspaceClient) -> int:
        listings: dict[str, Any] = {
            "clusters": client.clusters.list,
            "jobs": client.jobs.list,
            "pools": client.instance_pools.list,
            "scopes": client.secrets.list_scopes,
            "policies": lambda: (p for p in client.cluster_policies.list() if not p.is_default),
        }
        return len(list(listings[kind]()))

    return sum(map(count, workspaces.values()))


@pytest.mark.parametrize(
    ("world", "sizes"),
    [
        ("fresh", {"clusters": 1, "jobs": 1, "policies": 0, "pools": 0, "scopes": 0}),
        ("typical", {"clusters": 12, "jobs": 29, "policies": 6, "pools": 3, "scopes": 4}),
        ("high-security", {"clusters": 8, "jobs": 16, "policies": 4, "pools": 1, "scopes": 4}),
    ],
)
def test_worlds_have_their_size(world: str, sizes: dict[str, int]) -> None:
    with server.start(world, aws=False) as simulation:
        found = clients(simulation)
        assert {kind: total(found, kind) for kind in sizes} == sizes


def policies(workspaces: dict[int, WorkspaceClient]) -> list[tuple[str, Any]]:
    return [
        (f"{workspace_id} {policy.name}", policy)
        for workspace_id, client in workspaces.items()
        for policy in client.cluster_policies.list()
    ]


def allowed(rule: dict[str, Any]) -> list[Any]:
    return [rule["value"]] if rule["type"] == "fixed" else list(rule.get("values", ()))


def test_every_secure_policy_keeps_its_promises(secure: dict[int, WorkspaceClient]) -> None:
    for name, policy in policies(secure):
        rules = json.loads(policy.definition)
        idle = rules["autotermination_minutes"]
        bounds = (idle.get("value", idle.get("minValue")), idle.get("value", idle.get("maxValue")))
        assert 1 <= bounds[0] <= bounds[1] <= 60, name
        workers = rules.get("autoscale.max_workers", {})
        assert workers.get("maxValue", 0) <= 8, name
        assert rules["num_workers"]["type"] in {"forbidden", "fixed"}, name
        for field in ("node_type_id", "driver_node_type_id"):
            assert allowed(rules[field]), name
            assert all(map(encrypts_in_transit, allowed(rules[field]))), name
        assert set(allowed(rules["data_security_mode"])) <= ISOLATING, name
        assert all(rules[f"custom_tags.{tag}"]["type"] == "fixed" for tag in TAGS), name
        assert rules["docker_image.url"]["type"] == "forbidden", name
        scripts = [rule for path, rule in rules.items() if path.startswith("init_scripts.*")]
        assert len(scripts) == 5, name
        assert all(rule["type"] == "forbidden" for rule in scripts), name
        assert not any(rule.get("isOptional") for rule in rules.values() if "values" in rule), name
        assert policy.max_clusters_per_user, name


def test_secure_clusters_comply_and_isolate(secure: dict[int, WorkspaceClient]) -> None:
    for client in secure.values():
        for cluster in client.clusters.list():
            assert cluster.policy_id
            assert isolates(cluster.as_dict())
            assert encrypts_in_transit(cluster.node_type_id or "")
            assert encrypts_in_transit(cluster.driver_node_type_id or "")
            assert set(cluster.custom_tags or ()) == TAGS
            verdict = client.policy_compliance_for_clusters.get_compliance(cluster.cluster_id or "")
            assert verdict.is_compliant, cluster.cluster_name


def test_secure_jobs_run_as_machines_from_git(secure: dict[int, WorkspaceClient]) -> None:
    for client in secure.values():
        for job in client.jobs.list(expand_tasks=True):
            body = client.jobs.get(job.job_id or 0)
            assert "@" not in (body.run_as_user_name or "@")
            assert body.settings is not None
            assert body.settings.git_source is not None
            assert body.settings.git_source.git_tag
            assert set(body.settings.tags or ()) == TAGS
            (shared,) = body.settings.job_clusters or ()
            assert shared.new_cluster.policy_id


def test_secure_scopes_belong_to_groups(secure: dict[int, WorkspaceClient]) -> None:
    for client in secure.values():
        for scope in client.secrets.list_scopes():
            acls = {
                acl.principal: str(acl.permission)
                for acl in client.secrets.list_acls(scope.name or "")
            }
            managers = {name for name, level in acls.items() if level.endswith("MANAGE")}
            assert managers
            assert managers <= {"admins", "hs-metastore-admins"}


def test_nobody_enters_secure_dbfs_and_system_tables_are_on(
    secure: dict[int, WorkspaceClient],
) -> None:
    for client in secure.values():
        assert not list(client.global_init_scripts.list())
        place = client.metastores.current().metastore_id
        states = {s.schema: s.state for s in client.system_schemas.list(place or "")}
        assert {"access", "billing", "compute", "lakeflow", "query"} <= {
            name for name, state in states.items() if "ENABLE" in str(state)
        }


def test_neglect_shows_in_every_corner(neglected: dict[int, WorkspaceClient]) -> None:
    shared, legacy = neglected[4001], neglected[4002]
    modes = {str(c.data_security_mode) for w in (shared, legacy) for c in w.clusters.list()}
    assert {"None", "DataSecurityMode.NONE", "DataSecurityMode.LEGACY_TABLE_ACL"} <= modes
    leaks = [c.spark_env_vars for c in shared.clusters.list() if c.spark_env_vars]
    assert "AKIA" in str(leaks)
    (acl,) = shared.secrets.list_acls("shared")
    assert (acl.principal, str(acl.permission)) == ("users", "AclPermission.MANAGE")
    runs_as = {shared.jobs.get(job.job_id or 0).run_as_user_name for job in shared.jobs.list()}
    assert all("@" in (name or "") for name in runs_as)
    always = {p.name: json.loads(p.definition or "") for p in shared.cluster_policies.list()}
    assert always["ng-always-on"]["autotermination_minutes"]["value"] == 0
    assert always["ng-free"] == {}
    warehouse = list(shared.dbfs.list("/user/hive/warehouse"))
    assert {f.path for f in warehouse} == {
        "/user/hive/warehouse/customers",
        "/user/hive/warehouse/orders",
    }
    assert [t.name for t in legacy.tables.list("hive_metastore", "default")] == ["original"]


def test_personal_compute_is_open_where_nobody_decided() -> None:
    with server.start("fresh", aws=False) as simulation:
        (client,) = clients(simulation).values()
        (personal,) = [p for p in client.cluster_policies.list() if p.name == "Personal Compute"]
        acl = client.cluster_policies.get_permissions(personal.policy_id or "")
        assert "users" in {entry.group_name for entry in acl.access_control_list or ()}


def test_a_scaled_workspace_pages_completely() -> None:
    with server.start("fresh", aws=False, scale=3000) as simulation:
        client = clients(simulation)[9001]
        clusters = [c.cluster_id for c in client.clusters.list(page_size=7)]
        jobs = [j.job_id for j in client.jobs.list(limit=11)]
        assert len(clusters) == len(set(clusters)) > 50
        assert len(jobs) == len(set(jobs)) > 50
        assert client.clusters.get(clusters[-1] or "").cluster_id == clusters[-1]
        assert client.jobs.get(jobs[0] or 0).job_id == jobs[0]


def test_typical_has_some_of_everything_that_people_keep() -> None:
    with server.start("typical", aws=False) as simulation:
        config = Config(host=simulation.workspace_urls[2001], token=simulation.token)
        client = WorkspaceClient(config=config)
        tree = client.workspace.list("/Teams", recursive=True)
        names = {(entry.path or "").rpartition("/")[2] for entry in tree}
        assert {"margins", "Margins", "plan: 2027 (50% & more)", "limits.json"} <= names
        large = next(job for job in client.jobs.list(name="quarter-close"))
        assert len(client.jobs.get(large.job_id or 0).settings.tasks or []) == 120  # type: ignore[union-attr] - a job has settings
        assert len(list(client.jobs.list(name="nightly-export"))) == 2
        assert len(list(client.queries.list())) == 3
        assert len(list(client.lakeview.list())) == 2
        assert len(list(client.alerts_v2.list_alerts())) == len(list(client.alerts.list())) == 1
        assert len(list(client.experiments.search_experiments())) == 2
        assert {m.name for m in client.model_registry.list_models()} == {"demand", "churn"}
        assert {d.display_name for d in client.notification_destinations.list()} == {
            "data platform on call",
            "finance",
        }
