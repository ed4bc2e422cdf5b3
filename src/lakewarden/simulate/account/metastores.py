"""Unity Catalog on the account: metastores and the workspaces they are assigned to."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ACCOUNT, Request, Seed, missing, seeds

route = ACCOUNT.route

_BASE = "/api/2.0/accounts/{account}"
_METASTORES = f"{_BASE}/metastores"
_ASSIGNMENT = f"{_BASE}/workspaces/{{workspace}}/metastores/{{id}}"


def _metastore(request: Request) -> Json:
    found = request.account.table("metastores").get(request.params["id"])
    if found is None:
        raise missing(f"Metastore '{request.params['id']}' does not exist")
    return found


@route("GET", _METASTORES, admin=True)
def list_metastores(request: Request) -> Json:
    """Every metastore."""
    return {"metastores": list(request.account.table("metastores").values())}


@route("GET", _METASTORES + "/{id}", admin=True)
def get_metastore(request: Request) -> Json:
    """One metastore."""
    return {"metastore_info": _metastore(request)}


@route("POST", _METASTORES, admin=True, audit="unityCatalog.createMetastore")
def create_metastore(request: Request) -> Json:
    """Make a metastore; the caller owns it."""
    body, metastore_id = dict(request.need("metastore_info")), request.account.ids.uuid()
    request.account.table("metastores")[metastore_id] = {
        "metastore_id": metastore_id,
        "cloud": "aws",
        "region": "us-east-1",
        "owner": request.caller.name,
        "delta_sharing_scope": "INTERNAL",
        "external_access_enabled": False,
        "created_at": request.now,
        "created_by": request.caller.name,
        "updated_at": request.now,
    } | body
    return {"metastore_info": request.account.table("metastores")[metastore_id]}


@route("PUT", _METASTORES + "/{id}", admin=True, audit="unityCatalog.updateMetastore")
def update_metastore(request: Request) -> Json:
    """Change a metastore."""
    metastore = _metastore(request)
    changes = request.need("metastore_info")
    request.audit_params.update({key: str(value) for key, value in changes.items()})
    metastore.update(changes, updated_at=request.now)
    return {"metastore_info": metastore}


@route("DELETE", _METASTORES + "/{id}", admin=True, audit="unityCatalog.deleteMetastore")
def delete_metastore(request: Request) -> None:
    """Remove a metastore with its assignments."""
    metastore_id = _metastore(request)["metastore_id"]
    del request.account.table("metastores")[metastore_id]
    assigned = request.account.table("metastore-assignments")
    for workspace_id in [w for w, e in assigned.items() if e["metastore_id"] == metastore_id]:
        del assigned[workspace_id]


@route("GET", _METASTORES + "/{id}/workspaces", admin=True)
def list_assigned(request: Request) -> Json:
    """The ids of the workspaces that use a metastore."""
    metastore_id = _metastore(request)["metastore_id"]
    assigned = request.account.table("metastore-assignments").items()
    return {"workspace_ids": [int(w) for w, e in assigned if e["metastore_id"] == metastore_id]}


@route("GET", f"{_BASE}/workspaces/{{workspace}}/metastore", admin=True)
def get_assignment(request: Request) -> Json:
    """The metastore of a workspace."""
    found = request.account.table("metastore-assignments").get(request.params["workspace"])
    if found is None:
        raise missing(f"Workspace {request.params['workspace']} has no metastore")
    return {"metastore_assignment": found}


@route("POST", _ASSIGNMENT, admin=True, audit="unityCatalog.createMetastoreAssignment")
@route("PUT", _ASSIGNMENT, admin=True, audit="unityCatalog.updateMetastoreAssignment")
def assign(request: Request) -> None:
    """Give a workspace a metastore."""
    metastore, workspace_id = _metastore(request), request.params["workspace"]
    if workspace_id not in request.account.table("workspaces"):
        raise missing(f"Workspace {workspace_id} does not exist")
    table = request.account.table("metastore-assignments")
    body = (request.body or {}).get("metastore_assignment", {})
    table[workspace_id] = {
        "default_catalog_name": "main",
        **table.get(workspace_id, {}),
        **body,
        "metastore_id": metastore["metastore_id"],
        "workspace_id": int(workspace_id),
    }


@route("DELETE", _ASSIGNMENT, admin=True, audit="unityCatalog.deleteMetastoreAssignment")
def unassign(request: Request) -> None:
    """Take a workspace's metastore away."""
    _metastore(request)
    request.account.table("metastore-assignments").pop(request.params["workspace"], None)


@seeds("metastores")
def seed_metastore(seed: Seed, item: Json) -> None:
    """``[[metastores]]``: an API body."""
    made = seed.call("POST", _METASTORES, {"metastore_info": item})["metastore_info"]
    seed.remember("metastore", item["name"], made["metastore_id"])


@seeds("metastore_assignments")
def seed_assignment(seed: Seed, item: Json) -> None:
    """``[[2001.metastore_assignments]]``: ``metastore`` (a name) and the further fields."""
    name = item.pop("metastore")
    metastores = seed.account.table("metastores").values()
    metastore_id = next(m["metastore_id"] for m in metastores if m["name"] == name)
    path = f"{_BASE}/workspaces/{seed.workspace.id}/metastores/{metastore_id}"
    seed.call("POST", path, {"metastore_assignment": item})
