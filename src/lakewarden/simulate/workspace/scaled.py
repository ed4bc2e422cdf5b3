"""The clusters, jobs and policies of a large workspace (`lakewarden.simulate.scale`).

Every object follows from its number alone. Most are in order; every seventh cluster isolates
nobody and every fifth job runs as a person, so that there is something to find.
"""

from __future__ import annotations

import json

from lakewarden.simulate.scale import grows
from lakewarden.simulate.state import DAY_MS, Json, Workspace
from lakewarden.simulate.workspace.clusters import described, running

_TYPES = ("m6id.large", "m6id.xlarge", "r6id.xlarge", "i3.xlarge")
_TEAMS = ("finance", "marketing", "research", "logistics")


def _person(number: int) -> str:
    return f"user.{number}@scale.example"


def _day(workspace: Workspace, number: int) -> int:
    """A day in the workspace's life (epoch ms)."""
    return int(workspace.deployment["creation_time"]) + (number % 330) * DAY_MS


@grows("clusters", weight=3, prefix="0101-000000-s#")
def cluster(workspace: Workspace, cluster_id: str, number: int) -> Json:
    """A running cluster."""
    node_type = _TYPES[number % len(_TYPES)]
    spec: Json = {
        "cluster_name": f"cluster {number}",
        "spark_version": "17.3.x-scala2.13",
        "node_type_id": node_type,
        "driver_node_type_id": node_type,
        "autoscale": {"min_workers": 1, "max_workers": 2 + number % 8},
        "autotermination_minutes": 0 if number % 11 == 0 else 30,
        "data_security_mode": "NONE" if number % 7 == 0 else "USER_ISOLATION",
        "custom_tags": {"CostCenter": str(4000 + number % 40), "Owner": _TEAMS[number % 4]},
    }
    return {
        "cluster_id": cluster_id,
        "creator_user_name": _person(number),
        "cluster_source": "UI",
        **described(cluster_id, _person(number), spec),
        **running(_day(workspace, number)),
    }


@grows("jobs", weight=4, prefix="71#")
def job(workspace: Workspace, job_id: str, number: int) -> Json:
    """A scheduled job."""
    runs_as = _person(number) if number % 5 == 0 else f"service-principal-{number % 9}"
    task = {"task_key": "run", "notebook_task": {"notebook_path": f"jobs/{number}"}}
    return {
        "job_id": int(job_id),
        "creator_user_name": _person(number),
        "run_as_user_name": runs_as,
        "created_time": _day(workspace, number),
        "settings": {
            "name": f"job {number}",
            "format": "MULTI_TASK",
            "max_concurrent_runs": 1,
            "tags": {"CostCenter": str(4000 + number % 40)},
            "tasks": [task],
        },
    }


@grows("cluster-policies", weight=1, prefix="5CA1E0#")
def policy(workspace: Workspace, policy_id: str, number: int) -> Json:
    """A policy of one team."""
    rules = {
        "autotermination_minutes": {"type": "range", "minValue": 10, "maxValue": 60 + number % 90},
        "autoscale.max_workers": {"type": "range", "maxValue": 10, "isOptional": True},
    }
    return {
        "policy_id": policy_id,
        "name": f"policy {number}",
        "definition": json.dumps(rules),
        "is_default": False,
        "created_at_timestamp": _day(workspace, number),
        "creator_user_name": _person(number),
    }
