"""Drawn pools, policies, clusters, warehouses and scripts."""

from __future__ import annotations

import base64
import json
from typing import Any

from lakewarden.simulate.generated.draw import Draw

_MACHINES = ("m6id.large", "m6id.xlarge", "r6id.xlarge", "i3.xlarge")
_RUNTIMES = ("17.3.x-scala2.13", "16.4.x-scala2.12", "15.4.x-scala2.12")
_MODES = ("USER_ISOLATION", "SINGLE_USER")


def profile(draw: Draw, _: int) -> None:
    """An instance profile."""
    arn = f"arn:aws:iam::123456789012:instance-profile/{draw.plain('profile')}"
    draw.call("POST", "/api/2.0/instance-profiles/add", {"instance_profile_arn": arn})
    draw.keep("profile", arn)


def pool(draw: Draw, place: int) -> None:
    """A pool; a deleted one is listed still."""
    body = {
        "instance_pool_name": draw.name(),
        "node_type_id": draw.rng.choice(_MACHINES),
        "min_idle_instances": draw.rng.randint(0, 3),
        "max_capacity": draw.rng.randint(3, 50),
        "custom_tags": {"Owner": draw.plain("team")},
    }
    made = draw.call("POST", "/api/2.0/instance-pools/create", body)["instance_pool_id"]
    if draw.gone(place):
        draw.call("POST", "/api/2.0/instance-pools/delete", {"instance_pool_id": made}, days_ago=1)
        return
    draw.keep("pool", made)
    draw.permit("instance-pools", made)


def policy(draw: Draw, _: int) -> None:
    """A policy; some fix a pool."""
    rules: dict[str, Any] = {
        "autotermination_minutes": {
            "type": "range",
            "minValue": 10,
            "maxValue": draw.rng.randint(60, 240),
            "defaultValue": 30,
        },
        "custom_tags.Owner": {"type": "unlimited", "isOptional": True},
    }
    fixed = draw.pick("pool", 0.4)
    if fixed:
        rules["instance_pool_id"] = {"type": "fixed", "value": fixed}
    body: dict[str, Any] = {"name": draw.name(), "definition": json.dumps(rules)}
    body["description"] = draw.text(1, 2)
    if draw.maybe(0.3):
        body["max_clusters_per_user"] = draw.rng.randint(100_000, 200_000)
    made = draw.call("POST", "/api/2.0/policies/clusters/create", body)["policy_id"]
    if not fixed:
        draw.keep("policy", made)
    draw.permit("cluster-policies", made)


def specification(draw: Draw) -> dict[str, Any]:
    """What a cluster is asked to be."""
    spec: dict[str, Any] = {
        "spark_version": draw.rng.choice(_RUNTIMES),
        "autotermination_minutes": draw.rng.randint(10, 60),
        "data_security_mode": draw.rng.choice(_MODES),
        "custom_tags": {"Owner": draw.plain("team")},
    }
    if taken := draw.pick("pool", 0.4):
        spec["instance_pool_id"] = taken
    else:
        spec["node_type_id"] = draw.rng.choice(_MACHINES)
    if draw.maybe(0.5):
        spec["autoscale"] = {"min_workers": 1, "max_workers": draw.rng.randint(2, 9)}
    else:
        spec["num_workers"] = draw.rng.randint(1, 9)
    if ruled := draw.pick("policy", 0.5):
        spec["policy_id"] = ruled
    if arn := draw.pick("profile", 0.2):
        spec["aws_attributes"] = {"instance_profile_arn": arn}
    if script := draw.pick("file", 0.2):
        spec["init_scripts"] = [{"workspace": {"destination": script}}]
    if draw.maybe(0.3):
        spec["spark_conf"] = {"spark.sql.shuffle.partitions": str(draw.rng.randint(8, 800))}
        spec["spark_env_vars"] = {"STAGE": draw.rng.choice(("test", "production"))}
    return spec


def cluster(draw: Draw, place: int) -> None:
    """A cluster; some are pinned, some have libraries, most are stopped."""
    body = specification(draw) | {"cluster_name": draw.name()}
    if body["data_security_mode"] == "SINGLE_USER":
        body["single_user_name"] = draw.pick("user") or draw.pick("service principal")
    made = draw.call("POST", "/api/2.1/clusters/create", body)["cluster_id"]
    draw.workspace.table("clusters")[made]["cluster_source"] = "UI"
    name = {"cluster_id": draw.keep("cluster", made)}
    if place < 50 and draw.maybe(0.4):  # noqa: PLR2004 - no more than 100 can be pinned
        draw.call("POST", "/api/2.1/clusters/pin", name)
    if draw.maybe(0.2):
        library = {"pypi": {"package": f"{draw.plain('package')}==1.0.{place}"}}
        draw.call("POST", "/api/2.0/libraries/install", name | {"libraries": [library]})
    if draw.maybe(0.8):
        days = draw.rng.randint(1, 20)
        draw.call("POST", "/api/2.1/clusters/delete", name, days_ago=days)
    draw.permit("clusters", made)


def warehouse(draw: Draw, _: int) -> None:
    """A warehouse."""
    body = {
        "name": draw.name(),
        "cluster_size": draw.rng.choice(("2X-Small", "Small", "Medium")),
        "warehouse_type": "PRO",
        "enable_serverless_compute": draw.maybe(0.5),
        "auto_stop_mins": draw.rng.randint(10, 60),
        "max_num_clusters": draw.rng.randint(1, 4),
        "tags": {"custom_tags": [{"key": "Owner", "value": draw.plain("team")}]},
    }
    made = draw.call("POST", "/api/2.0/sql/warehouses", body)["id"]
    draw.keep("warehouse", made)
    draw.permit("warehouses", made)


def init_script(draw: Draw, _: int) -> None:
    """A global init script."""
    script = base64.b64encode(f"#!/bin/bash\n: {draw.text(1, 5)}\n".encode()).decode()
    body = {"name": draw.name(), "script": script, "enabled": draw.maybe(0.5)}
    draw.call("POST", "/api/2.0/global-init-scripts", body)
