"""``/api/2.1/unity-catalog``: the metastore as a workspace sees it.

Securables belong to the metastore, so every workspace assigned to it shares them; an isolated one
shows only in the workspaces it is bound to.
"""

from __future__ import annotations

from lakewarden.simulate.state import Json, Table
from lakewarden.simulate.web import ApiError, Request, Seed, denied, invalid, page, seeds
from lakewarden.simulate.workspace import identity
from lakewarden.simulate.workspace.wire import route

BASE = "/api/2.1/unity-catalog"
SYSTEM_SCHEMAS = (
    *("access", "billing", "compute", "lakeflow", "marketplace", "operational_data"),
    *("query", "serving", "storage"),
)
ARTIFACT_KINDS = ("INIT_SCRIPT", "LIBRARY_JAR", "LIBRARY_MAVEN")
_SCHEMAS = BASE + "/metastores/{id}/systemschemas"


def metastore(request: Request) -> Json:
    """The metastore of the workspace; 404 when it has none."""
    return request.account.table("metastores")[_assignment(request)["metastore_id"]]


def owned(request: Request, kind: str) -> Table:
    """The metastore's objects of one kind, by name."""
    return request.account.table(f"{kind}@{metastore(request)['metastore_id']}")


def is_metastore_admin(request: Request) -> bool:
    """Whether the caller owns the metastore, itself or as a member of the owning group."""
    owner = metastore(request).get("owner")
    return owner == request.caller.name or owner in request.caller.groups


def metastore_admins_only(request: Request) -> None:
    """Refuse whoever is neither metastore admin nor account admin."""
    by_role = identity.is_account_admin(request.account, request.caller.id)
    if not (by_role or is_metastore_admin(request)):
        raise denied(f"User {request.caller.name} is not an owner of the metastore")


def _assignment(request: Request) -> Json:
    found = request.account.table("metastore-assignments").get(str(request.workspace.id))
    if found is None:
        message = "No metastore assigned for the current workspace."
        raise ApiError(404, "METASTORE_DOES_NOT_EXIST", message)
    return found


@route("GET", BASE + "/current-metastore-assignment")
def current_assignment(request: Request) -> Json:
    """Which metastore the workspace uses, and its default catalog."""
    return _assignment(request)


@route("GET", BASE + "/metastore_summary")
def summary(request: Request) -> Json:
    """The workspace's metastore."""
    body = metastore(request)
    return body | {"global_metastore_id": f"aws:{body['region']}:{body['metastore_id']}"}


@route("GET", BASE + "/metastores")
def list_metastores(request: Request) -> Json:
    """Every metastore of the account; for account admins."""
    if not identity.is_account_admin(request.account, request.caller.id):
        raise denied("Only account admins can list metastores.")
    return page(request, request.account.table("metastores").values(), "metastores")


@route("GET", BASE + "/metastores/{id}")
def get_metastore(request: Request) -> Json:
    """The workspace's metastore by its id; for its admins."""
    return _addressed(request)


@route("PATCH", BASE + "/metastores/{id}", audit="unityCatalog.updateMetastore")
def update_metastore(request: Request) -> Json:
    """Change the workspace's metastore; for its admins."""
    body = _addressed(request)
    changes = {k: v for k, v in request.body.items() if k not in {"id", "metastore_id"}}
    if "new_name" in changes:
        changes["name"] = changes.pop("new_name")
    body |= changes | {"updated_at": request.now, "updated_by": request.caller.name}
    return body


def _addressed(request: Request) -> Json:
    """The workspace's metastore, when it is the one the path names and the caller is its admin."""
    body = metastore(request)
    if request.params["id"] != body["metastore_id"]:
        message = f"Metastore '{request.params['id']}' does not exist."
        raise ApiError(404, "METASTORE_DOES_NOT_EXIST", message)
    metastore_admins_only(request)
    return body


@route("GET", _SCHEMAS)
def list_system_schemas(request: Request) -> Json:
    """The system schemas and whether each is enabled; for metastore and account admins."""
    _addressed(request)
    states = dict.fromkeys(SYSTEM_SCHEMAS, "AVAILABLE") | {"information_schema": "MANAGED"}
    states |= {name: body["state"] for name, body in owned(request, "system-schemas").items()}
    rows = [{"schema": name, "state": state} for name, state in states.items()]
    return page(request, rows, "schemas")


@route("PUT", _SCHEMAS + "/{schema}", audit="unityCatalog.enableSystemSchema")
def enable_system_schema(request: Request) -> None:
    """Enable a system schema, at once."""
    _set_state(request, "ENABLE_COMPLETED")


@route("DELETE", _SCHEMAS + "/{schema}", audit="unityCatalog.disableSystemSchema")
def disable_system_schema(request: Request) -> None:
    """Disable a system schema, at once."""
    _set_state(request, "AVAILABLE")


def _set_state(request: Request, state: str) -> None:
    _addressed(request)
    name = request.params["schema"]
    if name not in SYSTEM_SCHEMAS:
        raise ApiError(404, "SCHEMA_DOES_NOT_EXIST", f"System schema '{name}' does not exist.")
    owned(request, "system-schemas")[name] = {"state": state}


@route("GET", BASE + "/artifact-allowlists/{kind}")
def get_allowlist(request: Request) -> Json:
    """What shared clusters may load of one kind; for metastore admins."""
    metastore_admins_only(request)
    _check_kind(request)
    return owned(request, "artifact-allowlists").get(
        request.params["kind"], {"artifact_matchers": []}
    )


@route("PUT", BASE + "/artifact-allowlists/{kind}", audit="unityCatalog.setArtifactAllowlist")
def set_allowlist(request: Request) -> Json:
    """Replace what shared clusters may load of one kind; for metastore admins."""
    metastore_admins_only(request)
    _check_kind(request)
    body = {
        "artifact_matchers": request.need("artifact_matchers"),
        "metastore_id": metastore(request)["metastore_id"],
        "created_at": request.now,
        "created_by": request.caller.name,
    }
    owned(request, "artifact-allowlists")[request.params["kind"]] = body
    return body


def _check_kind(request: Request) -> None:
    if request.params["kind"] not in ARTIFACT_KINDS:
        raise invalid(f"The artifact type must be one of {', '.join(ARTIFACT_KINDS)}")


@seeds("system_schemas")
def seed_system_schemas(seed: Seed, item: Json) -> None:
    """``[2001.system_schemas]``: ``enabled``, a list of names."""
    place = seed.call("GET", f"{BASE}/current-metastore-assignment")["metastore_id"]
    for name in item["enabled"]:
        seed.call("PUT", f"{BASE}/metastores/{place}/systemschemas/{name}", {})


@seeds("artifact_allowlists")
def seed_allowlist(seed: Seed, item: Json) -> None:
    """``[[2001.artifact_allowlists]]``: ``kind`` and ``artifacts``, a list of prefixes."""
    matchers = [{"artifact": a, "match_type": "PREFIX_MATCH"} for a in item["artifacts"]]
    path = f"{BASE}/artifact-allowlists/{item['kind']}"
    seed.call("PUT", path, {"artifact_matchers": matchers})
