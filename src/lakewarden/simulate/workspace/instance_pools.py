"""``/api/2.0/instance-pools``: machines kept ready for clusters."""

from __future__ import annotations

from lakewarden.simulate.state import DAY_MS, Json
from lakewarden.simulate.web import Request, Seed, denied, invalid, missing, seeds
from lakewarden.simulate.workspace import identity, permissions
from lakewarden.simulate.workspace.node_types import MACHINES
from lakewarden.simulate.workspace.wire import route

KIND = "instance-pools"
KEPT_MS = 30 * DAY_MS
_FIXED = ("node_type_id", "aws_attributes", "enable_elastic_disk", "preloaded_spark_versions")


def _pool(request: Request, pool_id: str, level: str) -> Json:
    found = request.workspace.table(KIND).get(pool_id)
    if found is None or found["state"] == "DELETED":
        raise missing(f"Instance pool {pool_id} does not exist")
    permissions.require(request, KIND, pool_id, level)
    return found


@route("GET", "/api/2.0/instance-pools/list")
def list_pools(request: Request) -> Json:
    """Every pool the caller may attach to, in one answer; admins see deleted ones for a while."""
    workspace, caller = request.workspace, request.caller
    gone = workspace.table("deleted-pools")
    return {
        "instance_pools": [
            body
            for pool_id, body in workspace.table(KIND).items()
            if permissions.allowed(workspace, caller, KIND, pool_id, "CAN_ATTACH_TO")
            and (pool_id not in gone or gone[pool_id]["at"] > request.now - KEPT_MS)
        ]
    }


@route("GET", "/api/2.0/instance-pools/get")
def get_pool(request: Request) -> Json:
    """One pool."""
    return _pool(request, request.need_query("instance_pool_id"), "CAN_ATTACH_TO")


@route("POST", "/api/2.0/instance-pools/create", audit="instancePools.create")
def create_pool(request: Request) -> Json:
    """Make a pool; needs the entitlement allow-instance-pool-create."""
    if not identity.entitled(request.workspace, request.caller, "allow-instance-pool-create"):
        raise denied("You are not authorized to create instance pools.")
    name, node_type = request.need("instance_pool_name"), request.need("node_type_id")
    if node_type not in MACHINES:
        raise invalid(f"Node type {node_type} is not supported.")
    _check_name(request, name, "")
    moment = request.account.ids
    pool_id = f"{moment.hex(4)}-{moment.hex(6)}-pool-{moment.hex(8)}"
    request.workspace.table(KIND)[pool_id] = {
        "min_idle_instances": 0,
        "idle_instance_autotermination_minutes": 60,
        "enable_elastic_disk": True,
        "aws_attributes": {"availability": "SPOT", "zone_id": "auto"},
        **request.body,
        "instance_pool_id": pool_id,
        "default_tags": {
            "Vendor": "Databricks",
            "DatabricksInstancePoolCreatorId": request.caller.id,
            "DatabricksInstancePoolId": pool_id,
            "DatabricksInstanceGroupId": name,
        },
        "state": "ACTIVE",
        "stats": dict.fromkeys(
            ("used_count", "idle_count", "pending_used_count", "pending_idle_count"), 0
        ),
    }
    permissions.register(request.workspace, KIND, pool_id, owner=request.caller)
    return {"instance_pool_id": pool_id}


@route("POST", "/api/2.0/instance-pools/edit", audit="instancePools.edit")
def edit_pool(request: Request) -> None:
    """Change a pool; the machines themselves stay as they are."""
    body = _pool(request, request.need("instance_pool_id"), "CAN_MANAGE")
    for name in _FIXED:
        if request.body.get(name, body.get(name)) != body.get(name):
            raise invalid(f"{name} of an instance pool cannot be changed")
    wanted = request.body.get("instance_pool_name", body["instance_pool_name"])
    _check_name(request, wanted, body["instance_pool_id"])
    body |= request.body


def _check_name(request: Request, name: object, but: str) -> None:
    """Refuse a name that another pool has."""
    rows = request.workspace.table(KIND).values()
    if any(
        body["instance_pool_name"] == name
        and body["state"] != "DELETED"
        and body["instance_pool_id"] != but
        for body in rows
    ):
        raise invalid(f"An instance pool with the name {name} already exists")


@route("POST", "/api/2.0/instance-pools/delete", audit="instancePools.delete")
def delete_pool(request: Request) -> None:
    """Remove a pool; the list goes on having it, as deleted."""
    body = _pool(request, request.need("instance_pool_id"), "CAN_MANAGE")
    body["state"] = "DELETED"
    request.workspace.table("deleted-pools")[body["instance_pool_id"]] = {"at": request.now}
    permissions.forget(request.workspace, KIND, body["instance_pool_id"])


@seeds("instance_pools")
def seed_pool(seed: Seed, item: Json) -> None:
    """``[[2001.instance_pools]]``: a pool of the API, ``permissions``, ``deleted`` (epoch ms)."""
    body = {name: value for name, value in item.items() if name not in {"permissions", "deleted"}}
    pool_id = seed.call("POST", "/api/2.0/instance-pools/create", body)["instance_pool_id"]
    seed.remember("pool", item["instance_pool_name"], pool_id)
    if "deleted" in item:
        gone = {"instance_pool_id": pool_id}
        seed.call("POST", "/api/2.0/instance-pools/delete", gone, at=item["deleted"])
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{pool_id}"
        seed.call("PUT", path, {"access_control_list": item["permissions"]})
