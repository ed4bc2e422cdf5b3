"""The types of objects that have access control lists, and the levels each of them knows."""

from __future__ import annotations

from dataclasses import dataclass

_FILES = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")


@dataclass(frozen=True)
class ObjectType:
    """A type of object: its levels, weakest first, and the event of changing its list."""

    name: str
    levels: tuple[str, ...]
    audit: str = "workspace.changeWorkspaceAcl"
    admins: str | None = "CAN_MANAGE"  # what the group admins inherits
    owned: bool = False  # there is exactly one IS_OWNER


TYPES = {
    "alerts": ObjectType("alert", _FILES, "databrickssql.changePermissions"),
    "alertsv2": ObjectType("alertv2", _FILES, "databrickssql.changePermissions"),
    "apps": ObjectType("apps", ("CAN_USE", "CAN_MANAGE"), "apps.changeAppsAcl"),
    "cluster-policies": ObjectType(
        "cluster-policy", ("CAN_USE",), "clusterPolicies.changeClusterPolicyAcl", admins="CAN_USE"
    ),
    "clusters": ObjectType(
        "cluster", ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"), "clusters.changeClusterAcl"
    ),
    "dashboards": ObjectType("dashboard", _FILES),
    "dbsql-dashboards": ObjectType("dbsql-dashboard", _FILES, "databrickssql.changePermissions"),
    "directories": ObjectType("directory", _FILES),
    "experiments": ObjectType(
        "mlflowExperiment",
        ("CAN_READ", "CAN_EDIT", "CAN_MANAGE"),
        "mlflowExperiment.changeMlflowExperimentAcl",
    ),
    "files": ObjectType("file", _FILES),
    "genie": ObjectType("genie", ("CAN_VIEW", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "instance-pools": ObjectType(
        "instance-pool", ("CAN_ATTACH_TO", "CAN_MANAGE"), "instancePools.changeInstancePoolAcl"
    ),
    "jobs": ObjectType(
        "job",
        ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"),
        "jobs.changeJobAcl",
        owned=True,
    ),
    "notebooks": ObjectType("notebook", _FILES),
    "pipelines": ObjectType(
        "pipelines",
        ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER"),
        "deltaPipelines.changePipelineAcls",
        owned=True,
    ),
    "queries": ObjectType("query", _FILES, "databrickssql.changePermissions"),
    "registered-models": ObjectType(
        "registered-model",
        (
            "CAN_READ",
            "CAN_EDIT",
            "CAN_MANAGE_STAGING_VERSIONS",
            "CAN_MANAGE_PRODUCTION_VERSIONS",
            "CAN_MANAGE",
        ),
        "modelRegistry.changeRegisteredModelAcl",
    ),
    "repos": ObjectType("repo", _FILES),
    "serving-endpoints": ObjectType(
        "serving-endpoint",
        ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"),
        "serverlessRealTimeInference.changeInferenceEndpointAcl",
    ),
    "vector-search-endpoints": ObjectType(
        "vector-search-endpoint", ("CAN_USE", "CAN_MANAGE"), "vectorSearch.changeEndpointAcl"
    ),
    "warehouses": ObjectType(
        "warehouses",
        ("CAN_VIEW", "CAN_USE", "CAN_MONITOR", "CAN_MANAGE", "IS_OWNER"),
        "databrickssql.changeWarehouseAcls",
        owned=True,
    ),
    "tokens": ObjectType("tokens", ("CAN_USE", "CAN_MANAGE"), "accounts.changeDbTokenAcl"),
    "passwords": ObjectType("passwords", ("CAN_USE",), "accounts.changePasswordAcl", admins=None),
}
