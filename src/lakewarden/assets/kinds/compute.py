"""Policies, pools, clusters, init scripts and warehouses."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.assets.kind import (
    LAST,
    Body,
    Call,
    Content,
    Json,
    Kind,
    Listing,
    Paging,
    Pause,
    Reference,
)

CLUSTER_REFERENCES: Final = (
    ("policy_id", "cluster_policy"),
    ("instance_pool_id", "instance_pool"),
    ("driver_instance_pool_id", "instance_pool"),
    ("aws_attributes.instance_profile_arn", "instance_profile"),
)
"""Where the definition of any cluster names others."""

_POOLS: Final = ("instance_pool_id", "driver_instance_pool_id")
_OVERRIDES: Final = "policy_family_definition_overrides"
_RULES: Final = ("value", "defaultValue", "values[]")
_ARNS: Final = ("aws_attributes.instance_profile_arn", "cluster_log_conf.s3.destination")


def cluster_references(prefix: str) -> tuple[Reference, ...]:
    """Return the references of a cluster whose definition is at a place."""
    return tuple(Reference(f"{prefix}{place}", kind) for place, kind in CLUSTER_REFERENCES)


def _policy(raw: Json) -> Body:
    """Return a policy; with a family its definition is computed, and is not its own.

    Overrides of nothing are none.
    """
    shaped = dict(raw)
    if shaped.get("policy_family_id"):
        shaped.pop("definition", None)
    if str(shaped.get(_OVERRIDES)).strip() == "{}":
        del shaped[_OVERRIDES]
    return shaped


def _own(spec: Json, _: str) -> Body:
    return {name: value for name, value in spec.items() if name != "is_default"}


def _edited(spec: Json, asset: str) -> Body:
    return {"policy_id": asset, **_own(spec, asset)}


def _with(name: str) -> Any:
    return lambda spec, asset: {name: asset, **spec}


def _only(name: str) -> Any:
    return lambda _, asset: {name: asset}


def _of_service(raw: Json) -> str:
    source = str(raw.get("cluster_source", "UI"))
    return "" if source in {"UI", "API"} else f"it belongs to a {source.lower()}"


def _gone(raw: Json) -> str:
    return "it is deleted" if raw.get("state") == "DELETED" else ""


def _not_pinned(raw: Json) -> str:
    return _of_service(raw) or ("" if "pinned_by_user_name" in raw else "it is not pinned")


KINDS: Final = (
    Kind(
        name="instance_profile",
        title="instance profiles",
        listing=Listing("/api/2.0/instance-profiles/list", "instance_profiles"),
        key="instance_profile_arn",
        id="instance_profile_arn",
        arns=("instance_profile_arn", "iam_role_arn"),
        create=Call(
            "POST",
            "/api/2.0/instance-profiles/add",
            lambda spec, _: {**spec, "skip_validation": True},
        ),
        update=Call("POST", "/api/2.0/instance-profiles/edit", lambda spec, _: dict(spec)),
        delete=Call("POST", "/api/2.0/instance-profiles/remove", _only("instance_profile_arn")),
    ),
    Kind(
        name="instance_pool",
        title="instance pools",
        listing=Listing("/api/2.0/instance-pools/list", "instance_pools"),
        id="instance_pool_id",
        one="/api/2.0/instance-pools/get?instance_pool_id={id}",
        key="instance_pool_name",
        volatile=("instance_pool_id", "default_tags", "state", "stats", "status"),
        acl="instance-pools",
        pauses=(Pause("min_idle_instances", paused=0),),
        skips=_gone,
        create=Call("POST", "/api/2.0/instance-pools/create", lambda spec, _: dict(spec)),
        update=Call("POST", "/api/2.0/instance-pools/edit", _with("instance_pool_id")),
        delete=Call("POST", "/api/2.0/instance-pools/delete", _only("instance_pool_id")),
        limits="machine types of a pool cannot be changed afterwards",
    ),
    Kind(
        name="cluster_policy",
        title="cluster policies",
        listing=Listing("/api/2.0/policies/clusters/list", "policies"),
        id="policy_id",
        one="/api/2.0/policies/clusters/get?policy_id={id}",
        key="name",
        shape=_policy,
        volatile=("policy_id", "creator_user_name", "created_at_timestamp"),
        parsed=("definition", _OVERRIDES),
        references=tuple(
            Reference(f"{rules}.{pool}.{rule}", "instance_pool")
            for rules in ("definition", _OVERRIDES)
            for pool in _POOLS
            for rule in _RULES
        ),
        acl="cluster-policies",
        given=lambda spec: "every workspace has it" if spec.get("is_default") else "",
        create=Call("POST", "/api/2.0/policies/clusters/create", _own),
        update=Call("POST", "/api/2.0/policies/clusters/edit", _edited),
        delete=Call("POST", "/api/2.0/policies/clusters/delete", _only("policy_id")),
        limits="the policies that Databricks brings along are changed, and never made or removed",
    ),
    Kind(
        name="cluster",
        title="clusters",
        listing=Listing("/api/2.1/clusters/list", "clusters", Paging.TOKEN, {"page_size": "100"}),
        id="cluster_id",
        detail="/api/2.1/clusters/get?cluster_id={id}",
        one="/api/2.1/clusters/get?cluster_id={id}",
        key="cluster_name",
        unique=False,
        created="cluster_id",
        spec="spec",
        shape=lambda raw: {"spec": {"cluster_name": raw.get("cluster_name", ""), **raw["spec"]}},
        references=cluster_references(""),
        principals=("single_user_name",),
        arns=_ARNS,
        acl="clusters",
        skips=_of_service,
        create=Call("POST", "/api/2.1/clusters/create", lambda spec, _: dict(spec)),
        update=Call("POST", "/api/2.1/clusters/edit", _with("cluster_id")),
        delete=Call("POST", "/api/2.1/clusters/permanent-delete", _only("cluster_id")),
        stop=Call("POST", "/api/2.1/clusters/delete", _only("cluster_id")),
        limits="making one starts it, and it is stopped at once; jobs make their own",
    ),
    Kind(
        name="cluster_pin",
        title="pins of clusters",
        listing=Listing("/api/2.1/clusters/list", "clusters", Paging.TOKEN, {"page_size": "100"}),
        id="cluster_id",
        key="cluster_id",
        named="cluster",
        shape=lambda raw: {"cluster": raw["cluster_id"]},
        references=(Reference("cluster", "cluster"),),
        skips=_not_pinned,
        beside=True,
        create=Call(
            "POST", "/api/2.1/clusters/pin", lambda spec, _: {"cluster_id": spec["cluster"]}
        ),
        delete=Call(
            "POST", "/api/2.1/clusters/unpin", lambda spec, _: {"cluster_id": spec["cluster"]}
        ),
    ),
    Kind(
        name="cluster_libraries",
        title="libraries of clusters",
        listing=Listing("/api/2.0/libraries/all-cluster-statuses", "statuses"),
        id="cluster_id",
        key="cluster_id",
        named="cluster",
        shape=lambda raw: {
            "cluster": raw["cluster_id"],
            "libraries": [entry["library"] for entry in raw.get("library_statuses") or ()],
        },
        unordered=("libraries",),
        references=(Reference("cluster", "cluster"),),
        skips=lambda raw: "" if raw.get("library_statuses") else "there are none",
        beside=True,
        create=Call(
            "POST",
            "/api/2.0/libraries/install",
            lambda spec, _: {"cluster_id": spec["cluster"], "libraries": spec["libraries"]},
        ),
        update=Call(
            "POST",
            "/api/2.0/libraries/install",
            lambda spec, _: {"cluster_id": spec["cluster"], "libraries": spec["libraries"]},
        ),
        limits="libraries are added; one that is no longer wanted is told and left",
    ),
    Kind(
        name="global_init_script",
        title="global init scripts",
        listing=Listing("/api/2.0/global-init-scripts", "scripts"),
        id="script_id",
        key="name",
        unique=False,
        created="created_at",
        row="position",
        detail="/api/2.0/global-init-scripts/{id}",
        keeps=("name", "enabled", "position"),
        content=Content("field", "script"),
        stamp=("script_id", "updated_at"),
        create=Call("POST", "/api/2.0/global-init-scripts", lambda spec, _: dict(spec)),
        update=Call("PATCH", "/api/2.0/global-init-scripts/{id}", lambda spec, _: dict(spec)),
        delete=Call("DELETE", "/api/2.0/global-init-scripts/{id}"),
        limits="at most 64 KB each",
    ),
    Kind(
        name="warehouse",
        title="SQL warehouses",
        listing=Listing("/api/2.0/sql/warehouses", "warehouses", Paging.TOKEN),
        id="id",
        one="/api/2.0/sql/warehouses/{id}",
        key="name",
        volatile=(
            *("id", "creator_name", "creator_id", "jdbc_url", "odbc_params", "health", "state"),
            *("num_active_sessions", "num_clusters"),
        ),
        arns=("instance_profile_arn",),
        acl="warehouses",
        create=Call("POST", "/api/2.0/sql/warehouses", lambda spec, _: dict(spec)),
        update=Call("POST", "/api/2.0/sql/warehouses/{id}/edit", lambda spec, _: dict(spec)),
        delete=Call("DELETE", "/api/2.0/sql/warehouses/{id}"),
        stop=Call("POST", "/api/2.0/sql/warehouses/{id}/stop"),
    ),
    Kind(
        name="warehouse_config",
        title="what all warehouses share",
        listing=Listing("/api/2.0/sql/config/warehouses"),
        fixed=("warehouses",),
        volatile=("config_param", "sql_configuration_parameters.etag"),
        arns=("instance_profile_arn",),
        stage=LAST,
        update=Call("PUT", "/api/2.0/sql/config/warehouses", lambda spec, _: dict(spec)),
    ),
)
