"""``/api/2.0/sql/warehouses`` and their common configuration ``/api/2.0/sql/config/warehouses``."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import (
    ApiError,
    Request,
    Seed,
    denied,
    invalid,
    missing,
    page,
    seeds,
)
from lakewarden.simulate.workspace import identity, permissions
from lakewarden.simulate.workspace.wire import route

KIND = "warehouses"
SIZES = (
    *("2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large"),
    *("2X-Large", "3X-Large", "4X-Large", "5X-Large"),
)
_PATH = "/api/2.0/sql/warehouses"
_CONFIG = "/api/2.0/sql/config/warehouses"
_DEFAULT_CONFIG = {"security_policy": "DATA_ACCESS_CONTROL", "data_access_config": []}


@route("GET", _PATH)
def list_warehouses(request: Request) -> Json:
    """Every warehouse the caller may see."""
    workspace, caller = request.workspace, request.caller
    seen = [
        body
        for warehouse_id, body in workspace.table(KIND).items()
        if permissions.allowed(workspace, caller, KIND, warehouse_id, "CAN_VIEW")
    ]
    return page(request, seen, "warehouses")


@route("GET", _PATH + "/{id}")
def get_warehouse(request: Request) -> Json:
    """One warehouse."""
    return _warehouse(request, "CAN_VIEW")


@route("POST", _PATH, audit="databrickssql.createWarehouse")
def create_warehouse(request: Request) -> Json:
    """Make a warehouse and start it; needs the entitlement allow-cluster-create."""
    if not identity.entitled(request.workspace, request.caller, "allow-cluster-create"):
        raise denied("You are not authorized to create SQL warehouses.")
    request.need("name")
    _check(request.body)
    _check_name(request, "")
    warehouse_id = request.account.ids.hex(16)
    host = request.workspace.url.partition("//")[2]
    request.workspace.table(KIND)[warehouse_id] = {
        "cluster_size": "X-Small",
        "min_num_clusters": 1,
        "max_num_clusters": 1,
        "auto_stop_mins": 120,
        "warehouse_type": "CLASSIC",
        "enable_photon": True,
        "enable_serverless_compute": False,
        "spot_instance_policy": "COST_OPTIMIZED",
        "channel": {"name": "CHANNEL_NAME_CURRENT"},
        "tags": {"custom_tags": []},
        **request.body,
        "id": warehouse_id,
        "creator_name": request.caller.name,
        "jdbc_url": f"jdbc:spark://{host}:443/default;httpPath=/sql/1.0/warehouses/{warehouse_id}",
        "odbc_params": {"hostname": host, "path": f"/sql/1.0/warehouses/{warehouse_id}"},
        "health": {"status": "HEALTHY"},
        "num_active_sessions": 0,
        **_running(alive=True),
    }
    permissions.register(request.workspace, KIND, warehouse_id, owner=request.caller)
    return {"id": warehouse_id}


@route("POST", _PATH + "/{id}/edit", audit="databrickssql.editWarehouse")
def edit_warehouse(request: Request) -> None:
    """Change a warehouse."""
    body = _warehouse(request, "CAN_MANAGE")
    _check(request.body)
    _check_name(request, body["id"])
    body |= {name: value for name, value in request.body.items() if name != "id"}


@route("POST", _PATH + "/{id}/start", audit="databrickssql.startWarehouse")
def start_warehouse(request: Request) -> None:
    """Start a warehouse, at once."""
    _warehouse(request, "CAN_MONITOR").update(_running(alive=True))


@route("POST", _PATH + "/{id}/stop", audit="databrickssql.stopWarehouse")
def stop_warehouse(request: Request) -> None:
    """Stop a warehouse, at once."""
    _warehouse(request, "CAN_MONITOR").update(_running(alive=False))


@route("DELETE", _PATH + "/{id}", audit="databrickssql.deleteWarehouse")
def delete_warehouse(request: Request) -> None:
    """Remove a warehouse."""
    body = _warehouse(request, "CAN_MANAGE")
    del request.workspace.table(KIND)[body["id"]]
    permissions.forget(request.workspace, KIND, body["id"])


@route("GET", _CONFIG, admin=True)
def get_config(request: Request) -> Json:
    """What all warehouses of the workspace share."""
    return _DEFAULT_CONFIG | request.workspace.table("warehouse-config").get("config", {})


@route("PUT", _CONFIG, admin=True, audit="databrickssql.setWorkspaceWarehouseConfig")
def set_config(request: Request) -> None:
    """Replace what all warehouses share."""
    if request.body.get("security_policy", "NONE") not in {
        "NONE",
        "PASSTHROUGH",
        "DATA_ACCESS_CONTROL",
    }:
        raise invalid("security_policy must be NONE, PASSTHROUGH or DATA_ACCESS_CONTROL")
    request.workspace.table("warehouse-config")["config"] = dict(request.body)


def _warehouse(request: Request, level: str) -> Json:
    found = request.workspace.table(KIND).get(request.params["id"])
    if found is None:
        raise missing(f"SQL warehouse {request.params['id']} does not exist")
    permissions.require(request, KIND, request.params["id"], level)
    return found


def _running(*, alive: bool) -> Json:
    return {"state": "RUNNING" if alive else "STOPPED", "num_clusters": int(alive)}


def _check_name(request: Request, but: str) -> None:
    """Refuse a name that another warehouse has."""
    name = request.body.get("name")
    rows = request.workspace.table(KIND).values()
    if any(body["name"] == name and body["id"] != but for body in rows):
        message = f"SQL warehouse with name `{name}` already exists"
        raise ApiError(409, "RESOURCE_ALREADY_EXISTS", message)


def _check(body: Json) -> None:
    if body.get("cluster_size", SIZES[0]) not in SIZES:
        raise invalid(f"cluster_size must be one of {', '.join(SIZES)}")
    if body.get("enable_serverless_compute") and body.get("warehouse_type") != "PRO":
        raise invalid("Serverless compute needs warehouse_type PRO")
    if body.get("max_num_clusters", 1) < body.get("min_num_clusters", 1):
        raise invalid("max_num_clusters must be at least min_num_clusters")


@seeds("warehouses")
def seed_warehouse(seed: Seed, item: Json) -> None:
    """``[[2001.warehouses]]``: a warehouse of the API, ``by`` and ``permissions`` (merged in)."""
    body = {name: value for name, value in item.items() if name not in {"by", "permissions"}}
    warehouse_id = seed.call("POST", _PATH, body, by=item.get("by"))["id"]
    seed.remember("warehouse", item["name"], warehouse_id)
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{warehouse_id}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})


@seeds("warehouse_config")
def seed_config(seed: Seed, item: Json) -> None:
    """``[2001.warehouse_config]``: the body of the API."""
    seed.call("PUT", _CONFIG, item)
