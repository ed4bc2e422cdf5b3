"""``/api/2.1/clusters`` (and 2.0): what clusters there are, and making and editing them.

Starting takes no time here: a cluster is RUNNING as soon as it is asked to be.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lakewarden.simulate.state import DAY_MS, Json, Workspace
from lakewarden.simulate.web import Request, Seed, invalid, seeds
from lakewarden.simulate.workspace import cluster_policies, identity, permissions
from lakewarden.simulate.workspace.cluster_spec import SPEC_FIELDS, given, govern
from lakewarden.simulate.workspace.node_types import MACHINES
from lakewarden.simulate.workspace.paging import visible_page
from lakewarden.simulate.workspace.switches import conf_on
from lakewarden.simulate.workspace.wire import route

KIND = "clusters"
KEPT_MS = 30 * DAY_MS

Handler = Callable[[Request], Any]


def both(method: str, name: str, *, audit: str | None = None) -> Callable[[Handler], Handler]:
    """Serve a handler under the 2.1 path and the 2.0 path."""

    def register(handler: Handler) -> Handler:
        for api in ("2.0", "2.1"):
            route(method, f"/api/{api}/clusters/{name}", audit=audit)(handler)
        return handler

    return register


def cluster(request: Request, cluster_id: str, level: str) -> Json:
    """One cluster on which the caller holds a level."""
    found = request.workspace.table(KIND).get(cluster_id)
    if found is None:
        raise invalid(f"Cluster {cluster_id} does not exist")
    open_to_see = not conf_on(request.workspace, "enforceClusterViewAcls", default=True)
    if not (level == "CAN_ATTACH_TO" and open_to_see):
        permissions.require(request, KIND, cluster_id, level)
    return found


@route("GET", "/api/2.1/clusters/list")
def list_clusters(request: Request) -> Json:
    """Pinned and active clusters, and those terminated in the last 30 days; page_size <= 100."""
    table = request.workspace.table(KIND)
    answer = visible_page(
        request, table, "clusters", lambda body: _listed(request, body), size=20, most=100
    )
    return answer | {"clusters": list(map(_brief, answer["clusters"]))}


@route("GET", "/api/2.0/clusters/list")
def list_at_once(request: Request) -> Json:
    """The same clusters in one answer."""
    bodies = request.workspace.table(KIND).values()
    return {"clusters": [_brief(body) for body in bodies if _listed(request, body)]}


def _brief(body: Json) -> Json:
    """A cluster as the lists show it, without what it was asked to be."""
    return {name: value for name, value in body.items() if name != "spec"}


def _listed(request: Request, body: Json) -> bool:
    """Whether a cluster is recent enough for the list, passes its filters and may be seen."""
    pinned = "pinned_by_user_name" in body
    if not pinned and body.get("terminated_time", request.now) < request.now - KEPT_MS:
        return False
    asked = {k.removeprefix("filter_by."): v for k, v in request.query.items() if "filter_by" in k}
    actual = {
        "cluster_sources": body["cluster_source"],
        "cluster_states": body["state"],
        "is_pinned": str(pinned).lower(),
        "policy_id": body.get("policy_id"),
    }
    return all(actual.get(name) in value.split(",") for name, value in asked.items()) and (
        not conf_on(request.workspace, "enforceClusterViewAcls", default=True)
        or permissions.allowed(
            request.workspace, request.caller, KIND, body["cluster_id"], "CAN_ATTACH_TO"
        )
    )


@both("GET", "get")
def get_cluster(request: Request) -> Json:
    """One cluster."""
    return cluster(request, request.need_query("cluster_id"), "CAN_ATTACH_TO")


@both("POST", "create", audit="clusters.create")
def create_cluster(request: Request) -> Json:
    """Make a cluster and start it."""
    cluster_id = make(request, request.body, source="API")["cluster_id"]
    request.audit_params["cluster_id"] = cluster_id
    request.result({"cluster_id": cluster_id})
    note_result(request, "create", cluster_id)
    return {"cluster_id": cluster_id}


def make(request: Request, asked: Json, *, source: str, cluster_type: str = "all-purpose") -> Json:
    """Make a running cluster of what is asked for, as far as the caller may."""
    wanted = given(asked)
    spec = govern(request, asked, cluster_type)
    check_quota(request, spec)
    ids = request.account.ids
    moment = datetime.fromtimestamp(request.now / 1000, UTC)
    cluster_id = f"{moment:%m%d-%H%M%S}-{ids.hex(8)}"
    body = {
        "cluster_id": cluster_id,
        "creator_user_name": request.caller.name,
        "cluster_source": source,
        "spark_context_id": ids.number(18),
        "jdbc_port": 10000,
        **described(cluster_id, request.caller.name, spec),
        "spec": wanted,
        **running(request.now),
    }
    request.workspace.table(KIND)[cluster_id] = body
    permissions.register(request.workspace, KIND, cluster_id, owner=request.caller)
    note(request, cluster_id, "CREATING")
    return body


def described(cluster_id: str, creator: str, spec: Json) -> Json:
    """The specification and what follows from it."""
    spec = {"cluster_name": "", **spec}
    workers = spec.get("num_workers", spec.get("autoscale", {}).get("min_workers", 0))
    worker, driver = MACHINES[spec["node_type_id"]], MACHINES[spec["driver_node_type_id"]]
    return {
        **spec,
        "num_workers": workers,
        "effective_spark_version": spec["spark_version"],
        "cluster_memory_mb": driver.memory_mb + workers * worker.memory_mb,
        "cluster_cores": float(driver.cores + workers * worker.cores),
        "default_tags": {
            "Vendor": "Databricks",
            "Creator": creator,
            "ClusterName": spec["cluster_name"],
            "ClusterId": cluster_id,
        },
        "spec": spec,
    }


def running(now: int) -> Json:
    """The fields of a cluster that started at a time (epoch ms)."""
    return {
        "state": "RUNNING",
        "state_message": "",
        "start_time": now,
        "last_restarted_time": now,
        "last_state_loss_time": 0,
    }


def check_quota(request: Request, spec: Json) -> None:
    """Refuse a cluster beyond what its policy grants each user."""
    if "policy_id" not in spec:
        return
    most = cluster_policies.policies(request.workspace)[spec["policy_id"]].get(
        "max_clusters_per_user"
    )
    active = [
        body
        for body in request.workspace.table(KIND).values()
        if body.get("policy_id") == spec["policy_id"]
        and body["creator_user_name"] == request.caller.name
        and body["state"] != "TERMINATED"
    ]
    if most is not None and len(active) >= most:
        raise invalid(
            f"{request.caller.name} has reached the limit of {most} active clusters "
            f"for policy {spec['policy_id']}"
        )


@both("POST", "edit", audit="clusters.edit")
def edit_cluster(request: Request) -> None:
    """Replace a cluster's specification; a running one restarts."""
    respecify(request, request.need("cluster_id"), request.body)
    note_result(request, "edit", request.body["cluster_id"])


@both("POST", "update", audit="clusters.edit")
def update_cluster(request: Request) -> None:
    """Change the attributes that ``update_mask`` names."""
    body = cluster(request, request.need("cluster_id"), "CAN_MANAGE")
    changes, spec = request.body.get("cluster", {}), dict(body["spec"])
    for name in request.need("update_mask").split(","):
        root, _, inner = name.partition(".")
        if inner:
            spec[root] = spec.get(root, {}) | {inner: changes.get(root, {}).get(inner)}
        elif root in changes:
            spec[root] = changes[root]
        else:
            spec.pop(root, None)
        if root in {"num_workers", "autoscale"} and root in changes:
            spec.pop("autoscale" if root == "num_workers" else "num_workers", None)
    respecify(request, body["cluster_id"], spec)
    note_result(request, "edit", body["cluster_id"])


def respecify(request: Request, cluster_id: str, asked: Json) -> None:
    """Give a cluster another specification, as far as the caller may."""
    body = cluster(request, cluster_id, "CAN_MANAGE")
    if body["cluster_source"] not in {"UI", "API"}:
        raise invalid(f"Cluster {cluster_id} was created by {body['cluster_source']}")
    wanted = given(asked)
    spec = govern(request, asked, "all-purpose")
    for name in [*SPEC_FIELDS, "spec"]:
        body.pop(name, None)
    body |= described(cluster_id, body["creator_user_name"], spec) | {"spec": wanted}
    if body["state"] == "RUNNING":
        body["last_restarted_time"] = request.now
    note(request, cluster_id, "EDITED")


def note(request: Request, cluster_id: str, kind: str) -> None:
    """Remember that something happened to a cluster."""
    kept = request.workspace.table("cluster-events").setdefault(cluster_id, {"events": []})
    details = {"user": request.caller.name}
    kept["events"].append(
        {"cluster_id": cluster_id, "timestamp": request.now, "type": kind, "details": details}
    )


def note_result(request: Request, action: str, cluster_id: str) -> None:
    """Audit what came of a change of a cluster's state: the twin of the event of asking for it."""
    body = request.workspace.table(KIND)[cluster_id]
    owner = identity.named(request.account, body["creator_user_name"])
    params = {
        "clusterId": cluster_id,
        "clusterName": body["cluster_name"],
        "clusterState": body["state"],
        "clusterOwnerUserId": owner[1]["id"] if owner else "",
    }
    request.audit(f"clusters.{action}Result", params)


@seeds("clusters")
def seed_cluster(seed: Seed, item: Json) -> None:
    """``[[2001.clusters]]``: a cluster of the API.

    Beyond the API's fields: ``by`` and ``at`` (whose and when), ``permissions``, ``source``
    (default ``UI``), ``pinned`` and ``terminated`` (epoch ms).
    """
    extra = ("by", "at", "permissions", "source", "pinned", "terminated")
    body = {name: value for name, value in item.items() if name not in extra}
    creation = {"by": item.get("by"), "at": item.get("at")}
    made = seed.call("POST", "/api/2.1/clusters/create", body, **creation)
    cluster_id = made["cluster_id"]
    seed.remember("cluster", item["cluster_name"], cluster_id)
    seed.workspace.table(KIND)[cluster_id]["cluster_source"] = item.get("source", "UI")
    name = {"cluster_id": cluster_id}
    if "terminated" in item:
        seed.call("POST", "/api/2.1/clusters/delete", name, at=item["terminated"])
    if item.get("pinned"):
        seed.call("POST", "/api/2.1/clusters/pin", name)
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{cluster_id}"
        seed.call("PUT", path, {"access_control_list": item["permissions"]})


def of(workspace: Workspace, policy_id: str) -> list[Json]:
    """The all-purpose clusters under a policy."""
    return [
        body
        for body in workspace.table(KIND).values()
        if body.get("policy_id") == policy_id and body["cluster_source"] in {"UI", "API"}
    ]
