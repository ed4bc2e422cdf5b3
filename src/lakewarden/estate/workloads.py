"""What jobs and pipelines run on, pools and warehouses, and who may use and change all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lakewarden.estate.access import ObjectPermissions
from lakewarden.estate.compute import ClusterSpec
from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "workspace admin"


@record
class JobCluster(ClusterSpec):
    """A cluster that a job makes for a run.

    `part` says where in the job: `cluster main`, `task load`, or `cluster` for a job of one task in
    the old format. A task that another repeats for many inputs is named after that: `task all/one`.
    """

    job_id: int = key("job_id")
    part: str = key("part")
    name: Fact[str] = fact("name")
    fills_in: Fact[bool] = fact("apply_policy_default_values", absent=False)


@record
class PipelineCluster(ClusterSpec):
    """A cluster that a pipeline makes for its updates or its maintenance, as `part` says."""

    pipeline_id: str = key("pipeline_id")
    part: str = key("part")
    name: Fact[str] = fact("name")
    fills_in: Fact[bool] = fact("apply_policy_default_values", absent=False)


@record
class InstancePool(Record):
    """A pool of machines that wait for clusters."""

    id: str = key("instance_pool_id")
    name: Fact[str] = fact("instance_pool_name")
    node_type: Fact[str] = fact("node_type_id")
    idle_minutes: Fact[int | None] = fact("idle_instance_autotermination_minutes", absent=None)
    tags: Fact[Mapping[str, str]] = fact("custom_tags", absent={})


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a SQL warehouse."""

    key: str
    value: str = ""


@record
class Warehouse(Record):
    """A SQL warehouse. `idle_minutes` is 0 when it never stops."""

    id: str = key("id")
    name: Fact[str] = fact("name")
    size: Fact[str | None] = fact("cluster_size", absent=None)
    idle_minutes: Fact[int] = fact("auto_stop_mins")
    tags: Fact[tuple[Tag, ...]] = fact("tags.custom_tags", absent=())


@record
class WarehouseConfig(Record):
    """What all SQL warehouses of a workspace share."""

    id: str = key("id")
    security_policy: Fact[str] = fact("security_policy")


@record
class Runtime(Record):
    """A Databricks runtime that a workspace has on offer, such as `17.3.x-scala2.13`."""

    id: str = key("key")
    name: Fact[str] = fact("name", absent="")


@record
class PolicyCompliance(Record):
    """Whether a cluster is still what its policy asks for; violations by attribute path."""

    cluster_id: str = key("cluster_id")
    compliant: Fact[bool] = fact("is_compliant")
    violations: Fact[Mapping[str, str]] = fact("violations", absent={})


def _permissions(name: str, path: str, after: str) -> Kind[ObjectPermissions]:
    source = f"GET /api/2.0/permissions/{path}"
    return Kind(name, ObjectPermissions, Scope.WORKSPACE, source, _ADMIN, after=(after,))


JOB_CLUSTERS: Final = Kind(
    "job_clusters", JobCluster, Scope.WORKSPACE, "GET /api/2.2/jobs/list", _ADMIN
)
PIPELINE_CLUSTERS: Final = Kind(
    "pipeline_clusters", PipelineCluster, Scope.WORKSPACE, "GET /api/2.0/pipelines", _ADMIN
)
INSTANCE_POOLS: Final = Kind(
    "instance_pools", InstancePool, Scope.WORKSPACE, "GET /api/2.0/instance-pools/list", _ADMIN
)
WAREHOUSES: Final = Kind(
    "warehouses", Warehouse, Scope.WORKSPACE, "GET /api/2.0/sql/warehouses", _ADMIN
)
WAREHOUSE_CONFIG: Final = Kind(
    "warehouse_config",
    WarehouseConfig,
    Scope.WORKSPACE,
    "GET /api/2.0/sql/config/warehouses",
    _ADMIN,
)
RUNTIMES: Final = Kind(
    "runtimes",
    Runtime,
    Scope.WORKSPACE,
    "GET /api/2.1/clusters/spark-versions",
    "workspace access",
)
POLICY_COMPLIANCE: Final = Kind(
    "policy_compliance",
    PolicyCompliance,
    Scope.WORKSPACE,
    "GET /api/2.0/policies/clusters/list-compliance",
    _ADMIN,
    after=("cluster_policies",),
)
CLUSTER_PERMISSIONS: Final = _permissions("cluster_permissions", "clusters/{id}", "clusters")
POLICY_PERMISSIONS: Final = _permissions(
    "policy_permissions", "cluster-policies/{id}", "cluster_policies"
)
POOL_PERMISSIONS: Final = _permissions("pool_permissions", "instance-pools/{id}", "instance_pools")
WAREHOUSE_PERMISSIONS: Final = _permissions(
    "warehouse_permissions", "warehouses/{id}", "warehouses"
)
