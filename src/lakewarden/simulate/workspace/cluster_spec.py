"""From the cluster somebody asks for to the cluster the workspace launches.

`govern` is what every family that starts clusters goes through: entitlement or policy, the policy's
rules, the service's defaults, and the workspace's switches.
"""

from __future__ import annotations

from typing import Any

from lakewarden.simulate import policy_language as language
from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, denied, invalid
from lakewarden.simulate.workspace import cluster_policies, identity, permissions
from lakewarden.simulate.workspace.node_types import (
    ALIASES,
    MACHINES,
    dbus_per_hour,
    encrypts_in_transit,
    version,
)
from lakewarden.simulate.workspace.switches import (
    compliance_profile_on,
    conf_on,
    legacy_access_disabled,
    legacy_dbfs_disabled,
)

SPEC_FIELDS = (language.ATTRIBUTES - language.SYNTHETIC) | {"policy_id", "dependency_mode"}
"""What a caller may say about a cluster."""

IDLE_MINUTES = range(10, 10_001)
"""What `autotermination_minutes` may be, besides 0 for never."""

NOT_ISOLATING = frozenset({None, "", "NONE"})
_AWS_DEFAULTS = {
    "availability": "SPOT_WITH_FALLBACK",
    "first_on_demand": 1,
    "spot_bid_price_percent": 100,
    "zone_id": "auto",
}
_DEDICATED = frozenset({"SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED"})
_NO_LEGACY_SINCE = (13, 3)


def govern(request: Request, asked: Json, cluster_type: str) -> Json:
    """The specification launched for a request.

    Args:
        request: the call, for its caller and workspace.
        asked: cluster attributes, ``policy_id`` and ``apply_policy_default_values``.
        cluster_type: ``all-purpose``, ``job`` or ``dlt``, as policies know it.

    Raises:
        ApiError: 403 without entitlement or access to the policy, 400 for what rules forbid.
    """
    if not asked.get("policy_id"):
        if not identity.entitled(request.workspace, request.caller, "allow-cluster-create"):
            raise denied(
                "You are not authorized to create clusters. Please contact your administrator."
            )
        return _checked(request, _complete(request, _given(asked)))
    stored = cluster_policies.policy(request, asked["policy_id"])
    try:
        return _checked(request, under_policy(request, asked, stored, cluster_type))
    except language.ViolatedError as error:
        raise invalid(f"Cluster validation error: {error}") from error


def given(asked: Json) -> Json:
    """What a caller says about a cluster, as ``spec`` keeps it.

    Raises:
        ApiError: 400 for a machine type beside a pool, which has one.
    """
    for field, pool in (
        ("node_type_id", "instance_pool_id"),
        ("driver_node_type_id", "instance_pool_id"),
        ("driver_node_type_id", "driver_instance_pool_id"),
    ):
        if asked.get(field) and asked.get(pool):
            raise invalid(
                f"The field '{field}' cannot be supplied when an instance pool ID is provided."
            )
    flag = "apply_policy_default_values"
    return _given(asked) | ({flag: asked[flag]} if flag in asked else {})


def unpooled(spec: Json) -> Json:
    """A specification without the machine types that its pools have anyway."""
    pooled = spec.get("instance_pool_id")
    gone = {"node_type_id", "driver_node_type_id"} if pooled else set()
    return {name: value for name, value in spec.items() if name not in gone}


def resolved(body: Json) -> Json:
    """What a cluster is launched with, from how it is shown."""
    whole = {name: body[name] for name in SPEC_FIELDS if name in body}
    if "autoscale" in whole:
        whole.pop("num_workers", None)
    return whole


def under_policy(request: Request, asked: Json, stored: Json, cluster_type: str) -> Json:
    """The specification that a policy makes of a request.

    Raises:
        ViolatedError: when the request contradicts the policy.
    """
    return language.apply(
        cluster_policies.definition_of(stored),
        _given(asked),
        use_defaults=bool(asked.get("apply_policy_default_values")),
        complete=lambda filled: _complete(request, filled),
        compute=lambda whole: synthetic(whole, cluster_type),
    )


def _given(asked: Json) -> Json:
    return {name: value for name, value in asked.items() if name in SPEC_FIELDS and value != ""}


def synthetic(spec: Json, cluster_type: str) -> dict[str, Any]:
    """The attributes that only policies know."""
    return {"cluster_type": cluster_type, "dbus_per_hour": dbus_per_hour(spec)}


def isolates(spec: Json) -> bool:
    """Whether a cluster keeps its users apart, by access mode or by the older Spark settings."""
    if spec.get("data_security_mode") not in NOT_ISOLATING:
        return True
    conf = spec.get("spark_conf", {})
    if spec.get("data_security_mode") == "NONE":
        return False
    return str(conf.get("spark.databricks.acl.dfAclsEnabled", "")).lower() == "true"


def _complete(request: Request, spec: Json) -> Json:
    """Put the service's own defaults where request and policy are silent."""
    node_type = _node_type(request, spec, "instance_pool_id") or spec.get("node_type_id")
    driver = _node_type(request, spec, "driver_instance_pool_id") or spec.get("driver_node_type_id")
    runtime = spec.get("spark_version", "")
    whole = {
        "enable_elastic_disk": False,
        "enable_local_disk_encryption": False,
        "autotermination_minutes": 0,
        **spec,
        "spark_version": ALIASES.get(runtime, runtime),
        "aws_attributes": _AWS_DEFAULTS | spec.get("aws_attributes", {}),
        "node_type_id": node_type,
        "driver_node_type_id": driver or node_type,
    }
    if spec.get("data_security_mode") in _DEDICATED:
        whole.setdefault("single_user_name", request.caller.name)
    if spec.get("is_single_node"):
        whole.setdefault("num_workers", 0)
    return {name: value for name, value in whole.items() if value not in (None, "")}


def _node_type(request: Request, spec: Json, field: str) -> str | None:
    """The node type of the pool a specification names."""
    pool_id = spec.get(field)
    if not pool_id:
        return None
    pool = request.workspace.table("instance-pools").get(pool_id)
    if pool is None or pool["state"] == "DELETED":
        raise invalid(f"Can't find an instance pool with id: {pool_id}")
    permissions.require(request, "instance-pools", pool_id, "CAN_ATTACH_TO")
    return str(pool["node_type_id"])


def _checked(request: Request, spec: Json) -> Json:
    """The same specification, once the service and the workspace's switches agree to it."""
    for field in ("spark_version", "node_type_id"):
        if field not in spec:
            raise invalid(f"Missing required field '{field}'")
    for field in ("node_type_id", "driver_node_type_id"):
        if spec[field] not in MACHINES:
            raise invalid(f"Node type {spec[field]} is not supported.")
    _check_size(spec)
    _check_switches(request, spec)
    return spec


def _check_size(spec: Json) -> None:
    if "autoscale" in spec:
        low, high = (spec["autoscale"].get(name) for name in ("min_workers", "max_workers"))
        if not isinstance(low, int) or not isinstance(high, int) or not 0 <= low <= high:
            raise invalid("autoscale needs min_workers and max_workers, with min <= max")
    elif not isinstance(spec.get("num_workers"), int):
        raise invalid("Missing required field 'size'")
    elif spec["num_workers"] == 0 and not _single_node(spec):
        raise invalid(
            "NumWorkers could be 0 only for SingleNode clusters. See "
            "https://docs.databricks.com/clusters/single-node.html for more details"
        )
    minutes = spec["autotermination_minutes"]
    if minutes not in IDLE_MINUTES and minutes != 0:
        raise invalid("autotermination_minutes must be 0 or between 10 and 10000")


def _single_node(spec: Json) -> bool:
    profile = spec.get("spark_conf", {}).get("spark.databricks.cluster.profile")
    return profile == "singleNode" or bool(spec.get("is_single_node"))


def _check_switches(request: Request, spec: Json) -> None:
    workspace = request.workspace
    if conf_on(workspace, "enforceUserIsolation", default=False) and not isolates(spec):
        raise invalid("Clusters without user isolation are not allowed in this workspace.")
    if compliance_profile_on(workspace):
        for field, what in (("driver_node_type_id", "driver"), ("node_type_id", "worker")):
            if not encrypts_in_transit(spec[field]):
                raise invalid(
                    "Workspace restricted to instance types that encrypt in transit. "
                    f"Please specify one such {what} node type"
                )
    for off, what in ((legacy_dbfs_disabled, "DBFS"), (legacy_access_disabled, "access")):
        if off(workspace) and version(spec["spark_version"]) < _NO_LEGACY_SINCE:
            raise invalid(
                f"Runtimes below 13.3 LTS are not allowed while legacy {what} is disabled."
            )
    if "docker_image" in spec and not conf_on(workspace, "enableDcs", default=False):
        raise invalid("Databricks Container Services is not enabled in this workspace.")
