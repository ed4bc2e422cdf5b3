"""The subjects about what runs: clusters of jobs and pipelines, pools, warehouses, their lists."""

from __future__ import annotations

from typing import Final

from lakewarden.controls.kit.subjects import SubjectKind, in_workspaces
from lakewarden.estate.access import ObjectPermissions
from lakewarden.estate.workloads import (
    CLUSTER_PERMISSIONS,
    INSTANCE_POOLS,
    JOB_CLUSTERS,
    PIPELINE_CLUSTERS,
    POOL_PERMISSIONS,
    WAREHOUSE_PERMISSIONS,
    WAREHOUSES,
    InstancePool,
    JobCluster,
    PipelineCluster,
    Warehouse,
)

JOB_CLUSTER: Final[SubjectKind[JobCluster]] = in_workspaces(
    "job cluster", JOB_CLUSTERS, lambda c: c.name
)
PIPELINE_CLUSTER: Final[SubjectKind[PipelineCluster]] = in_workspaces(
    "pipeline cluster", PIPELINE_CLUSTERS, lambda c: c.name
)
POOL: Final[SubjectKind[InstancePool]] = in_workspaces("pool", INSTANCE_POOLS, lambda p: p.name)
WAREHOUSE: Final[SubjectKind[Warehouse]] = in_workspaces("warehouse", WAREHOUSES, lambda w: w.name)
CLUSTER_ACL: Final[SubjectKind[ObjectPermissions]] = in_workspaces(
    "cluster", CLUSTER_PERMISSIONS, lambda p: p.name
)
POOL_ACL: Final[SubjectKind[ObjectPermissions]] = in_workspaces(
    "pool", POOL_PERMISSIONS, lambda p: p.name
)
WAREHOUSE_ACL: Final[SubjectKind[ObjectPermissions]] = in_workspaces(
    "warehouse", WAREHOUSE_PERMISSIONS, lambda p: p.name
)
