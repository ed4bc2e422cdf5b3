"""``/api/2.0/policy-families``: the definitions the service offers as starting points.

Each workspace owns one default policy of every family. The rules follow the published descriptions
of the families; the exact lists of node types change with the regions and are ours.
"""

from __future__ import annotations

import json
from typing import Any

from lakewarden.simulate.policy_language import Definition
from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, missing, page
from lakewarden.simulate.workspace.wire import route

Rules = dict[str, dict[str, Any]]

_ALL_PURPOSE: Rules = {
    "cluster_type": {"type": "fixed", "value": "all-purpose"},
    "spark_version": {"type": "unlimited", "defaultValue": "auto:latest-lts"},
}
_SINGLE_NODE: Rules = {
    "num_workers": {"type": "fixed", "value": 0, "hidden": True},
    "spark_conf.spark.databricks.cluster.profile": {
        "type": "fixed",
        "value": "singleNode",
        "hidden": True,
    },
    "instance_pool_id": {"type": "forbidden", "hidden": True},
    "driver_instance_pool_id": {"type": "forbidden", "hidden": True},
}
_DEDICATED: Rules = {
    "data_security_mode": {
        "type": "allowlist",
        "values": ["SINGLE_USER", "LEGACY_SINGLE_USER", "LEGACY_SINGLE_USER_STANDARD"],
        "defaultValue": "SINGLE_USER",
        "hidden": True,
    }
}
_AUTOSCALING: Rules = {
    "autoscale.min_workers": {"type": "unlimited", "defaultValue": 2, "isOptional": True},
    "autoscale.max_workers": {"type": "unlimited", "defaultValue": 8, "isOptional": True},
    "node_type_id": {"type": "unlimited", "defaultValue": "i3.xlarge", "isOptional": True},
}


def _idle(minutes: int) -> Rules:
    rule = {"type": "unlimited", "defaultValue": minutes, "isOptional": True}
    return {"autotermination_minutes": rule}


FAMILIES: dict[str, tuple[str, str, Definition]] = {
    "personal-vm": (
        "Personal Compute",
        "Use with small data and single-machine libraries. Spark runs in local mode.",
        {
            **_ALL_PURPOSE,
            **_SINGLE_NODE,
            **_DEDICATED,
            **_idle(4320),
            "spark_version": {"type": "unlimited", "defaultValue": "auto:latest-ml"},
            "node_type_id": {
                "type": "allowlist",
                "values": ["i3.xlarge", "i3.2xlarge", "i4i.xlarge", "g4dn.xlarge"],
                "defaultValue": "i3.xlarge",
            },
        },
    ),
    "power-user": (
        "Power User Compute",
        "Use for larger datasets, Spark and ML workloads.",
        {**_ALL_PURPOSE, **_DEDICATED, **_AUTOSCALING, **_idle(4320)},
    ),
    "shared-compute": (
        "Shared Compute",
        "Use with teams that explore and analyse data interactively in Python and SQL.",
        {
            **_ALL_PURPOSE,
            **_AUTOSCALING,
            **_idle(720),
            "data_security_mode": {"type": "fixed", "value": "USER_ISOLATION", "hidden": True},
        },
    ),
    "job-cluster": (
        "Job Compute",
        "Use for production jobs.",
        {
            **_AUTOSCALING,
            "cluster_type": {"type": "fixed", "value": "job"},
            "spark_version": {"type": "unlimited", "defaultValue": "auto:latest-lts"},
        },
    ),
}
"""Policy family id to name, description and definition."""


@route("GET", "/api/2.0/policy-families")
def list_families(request: Request) -> Json:
    """The families, paged."""
    return page(request, map(_family, FAMILIES), "policy_families")


@route("GET", "/api/2.0/policy-families/{policy_family_id}")
def get_family(request: Request) -> Json:
    """One family."""
    family_id = request.params["policy_family_id"]
    if family_id not in FAMILIES:
        raise missing(f"Policy family '{family_id}' does not exist")
    return _family(family_id)


def _family(family_id: str) -> Json:
    name, description, definition = FAMILIES[family_id]
    return {
        "policy_family_id": family_id,
        "name": name,
        "description": description,
        "definition": json.dumps(definition),
    }
