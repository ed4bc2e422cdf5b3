from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk.service.ml import ViewType
from databricks.sdk.service.workspace import ObjectType

from lakewarden.simulate import start
from lakewarden.simulate.state import Workspace
from simulate.core.kit import Lab

KINDS = (
    *("alerts", "alertsv2", "clusters", "cluster-policies", "dashboards", "experiments", "groups"),
    *("instance-pools", "instance-profiles", "jobs", "pipelines", "queries", "registered-models"),
    *("repos", "secret-scopes", "serving-endpoints", "warehouses", "workspace-objects"),
)


def _place(seed: int, count: int) -> dict[str, list[Any]]:
    with start("fresh", aws=False, drawn=(seed, count)) as simulation:
        place: Workspace = simulation.account.workspaces[1001]
        # The id of a cluster has the time in it.
        return {
            kind: [row.get("cluster_name") or key for key, row in place.table(kind).items()]
            for kind in KINDS
        }


def test_a_workspace_follows_from_its_seed() -> None:
    once = _place(7, 200)
    assert once == _place(7, 200)
    assert once != _place(8, 200)
    assert all(once.values())
    assert 150 < sum(map(len, once.values())) < 400


@pytest.fixture(scope="module")
def lab() -> Any:
    with start("typical", aws=False, drawn=(3, 600), standby=True) as simulation:
        yield Lab(simulation)


def test_the_sdk_reads_what_was_drawn(lab: Lab) -> None:
    client = lab.workspace(2001)
    users = list(client.users_v2.list(count=10))
    assert len(users) > 40
    nested = [
        member
        for group in client.groups_v2.list()
        for member in group.members or []
        if (member.ref or "").startswith("Groups/")
    ]
    assert nested
    jobs = list(client.jobs.list(expand_tasks=True))
    assert len({job.settings.name for job in jobs if job.settings}) < len(jobs)
    tasks = [task for job in jobs for task in (job.settings.tasks if job.settings else None) or []]
    for kind in ("run_job_task", "sql_task", "pipeline_task", "dashboard_task", "alert_task"):
        assert any(getattr(task, kind) for task in tasks), kind
    entries = list(client.workspace.list("/", recursive=True))
    assert any(entry.object_type is ObjectType.LIBRARY for entry in entries)
    paths = {entry.path or "" for entry in entries}
    assert len({path.lower() for path in paths}) < len(paths)
    assert any(board.lifecycle_state for board in client.lakeview.list(show_trashed=True))
    deleted = client.experiments.search_experiments(view_type=ViewType.DELETED_ONLY)
    assert list(deleted)
    pools = {pool.instance_pool_id: pool for pool in client.instance_pools.list()}
    assert {pool.state.value for pool in pools.values() if pool.state} == {"ACTIVE", "DELETED"}
    assert any(cluster.instance_pool_id in pools for cluster in client.clusters.list())


def test_the_standby_stays_empty(lab: Lab) -> None:
    client = lab.workspace(lab.simulation.standby or 0)
    assert list(client.jobs.list()) == list(client.queries.list()) == []
    assert len(list(client.users_v2.list())) < len(list(lab.workspace(2001).users_v2.list()))


@pytest.mark.parametrize("seed", range(3))
def test_small_ones_have_one_of_each_kind(own: Callable[..., Lab], seed: int) -> None:
    place = own("fresh", drawn=(seed, 1)).simulation.account.workspaces[1001]
    assert all(place.table(kind) for kind in KINDS)


def test_worlds_with_rules_refuse_some(own: Callable[..., Lab]) -> None:
    place = own("high-security", drawn=(1, 100)).simulation.account.workspaces[3001]
    assert not [body for body in place.table("repos").values() if "generated" in body["url"]]
    assert len(place.table("queries")) > 2
