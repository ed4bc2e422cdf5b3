"""``/api/2.0/sql/queries``, ``/api/2.0/sql/alerts`` and ``/api/2.0/alerts``: queries and alerts.

The three families differ in their fields and envelopes only. What is deleted goes to the trash: it
can be read by its id, and no list has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, denied, invalid, missing, page, seeds
from lakewarden.simulate.workspace import identity, permissions
from lakewarden.simulate.workspace.jobs import run_as
from lakewarden.simulate.workspace.wire import route
from lakewarden.simulate.workspace.workspace_tree import acl_of, entry, make_folders, normal

LIST_MOST = 100
_RIGHTS = {"read": "CAN_READ", "edit": "CAN_EDIT", "manage": "CAN_MANAGE"}


@dataclass(frozen=True)
class Family:
    """One kind of SQL object.

    ``fields`` may be set by callers; ``refers`` maps a field to the table that has what it names.
    """

    kind: str
    label: str
    path: str
    envelope: str
    fields: tuple[str, ...]
    needs: tuple[str, ...]
    events: tuple[str, str, str]
    wrapper: str | None = None
    defaults: Json = field(default_factory=dict)
    refers: Json = field(default_factory=dict)
    trashed: str = "TRASHED"
    listed_without: tuple[str, ...] = ("parent_path",)


FAMILIES = (
    Family(
        "queries",
        "Query",
        "/api/2.0/sql/queries",
        "results",
        (
            *("apply_auto_limit", "catalog", "description", "display_name", "parameters"),
            *("query_text", "run_as_mode", "schema", "tags", "warehouse_id"),
        ),
        (),
        (
            "databrickssql.createQuery",
            "databrickssql.updateQuery",
            "databrickssql.moveQueryToTrash",
        ),
        wrapper="query",
        defaults={"display_name": "New query", "run_as_mode": "OWNER", "query_text": ""},
        refers={"warehouse_id": "warehouses"},
    ),
    Family(
        "alerts",
        "Alert",
        "/api/2.0/sql/alerts",
        "results",
        (
            *("condition", "custom_body", "custom_subject", "display_name", "notify_on_ok"),
            *("query_id", "seconds_to_retrigger"),
        ),
        ("query_id", "condition"),
        (
            "databrickssql.createAlert",
            "databrickssql.updateAlert",
            "databrickssql.moveAlertToTrash",
        ),
        wrapper="alert",
        defaults={"display_name": "New alert", "state": "UNKNOWN"},
        refers={"query_id": "queries"},
    ),
    Family(
        "alertsv2",
        "Alert",
        "/api/2.0/alerts",
        "alerts",
        (
            *("custom_description", "custom_summary", "display_name", "evaluation", "parameters"),
            *("query_text", "run_as", "schedule", "warehouse_id"),
        ),
        ("display_name", "query_text", "warehouse_id", "evaluation", "schedule"),
        (
            "databrickssql.createAlert",
            "databrickssql.updateAlert",
            "databrickssql.moveAlertToTrash",
        ),
        refers={"warehouse_id": "warehouses"},
        trashed="DELETED",
        listed_without=(),
    ),
)


def iso(moment: int) -> str:
    """A time (epoch ms) as these APIs write it."""
    text = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def folder_of(request: Request, path: object) -> tuple[str, tuple[str, str]]:
    """The folder that a new object is put into (default: the caller's home), and its list."""
    home = f"/Users/{request.caller.name}"
    found = entry(request, path if isinstance(path, str) and path else home, "CAN_READ")
    make_folders(request, found["path"])
    return found["path"], acl_of(request.workspace, found)


def masked(request: Request, body: Json, fields: tuple[str, ...]) -> Json:
    """The fields of a body that a call wants changed: those of ``update_mask``."""
    mask = request.query.get("update_mask") or (request.body or {}).get("update_mask") or "*"
    names = {part.strip().partition(".")[0] for part in mask.split(",")}
    wanted = set(body) if "*" in names else names
    return {name: body.get(name) for name in fields if name in wanted}


def _serve(family: Family) -> None:
    one = family.path + "/{id}"

    @route("GET", family.path)
    def listing(request: Request) -> Json:
        seen = [
            {k: v for k, v in body.items() if k not in family.listed_without}
            for object_id, body in request.workspace.table(family.kind).items()
            if body["lifecycle_state"] == "ACTIVE"
            and permissions.allowed(
                request.workspace, request.caller, family.kind, object_id, _RIGHTS["read"]
            )
        ]
        return page(request, seen, family.envelope, size=20, most=LIST_MOST)

    @route("GET", one)
    def get(request: Request) -> Json:
        return _one(request, family, "read")

    @route("POST", family.path, audit=family.events[0])
    def create(request: Request) -> Json:
        return _create(request, family)

    @route("PATCH", one, audit=family.events[1])
    def update(request: Request) -> Json:
        return _update(request, family)

    @route("DELETE", one, audit=family.events[2])
    def trash(request: Request) -> None:
        body = _one(request, family, "manage")
        body |= {"lifecycle_state": family.trashed, "update_time": iso(request.now)}


def _one(request: Request, family: Family, right: str) -> Json:
    object_id = request.params["id"]
    found = request.workspace.table(family.kind).get(object_id)
    if found is None:
        raise missing(f"{family.label} {object_id} does not exist")
    permissions.require(request, family.kind, object_id, _RIGHTS[right])
    return found


def _given(request: Request, family: Family) -> Json:
    body = (request.body or {}).get(family.wrapper, {}) if family.wrapper else request.body or {}
    if not isinstance(body, dict):
        raise invalid(f"{family.wrapper} must be an object")
    return body


def _create(request: Request, family: Family) -> Json:
    given = _given(request, family)
    for name in family.needs:
        if given.get(name) in (None, ""):
            raise invalid(f"Missing required field: {name}")
    folder, above = folder_of(request, given.get("parent_path"))
    body = family.defaults | {k: given[k] for k in family.fields if given.get(k) is not None}
    _check(request, family, body)
    body["display_name"] = _free_name(request, family, str(body["display_name"]), folder, "")
    object_id = request.account.ids.uuid()
    request.workspace.table(family.kind)[object_id] = {
        **body,
        "id": object_id,
        "parent_path": f"/Workspace{folder}",
        "owner_user_name": request.caller.name,
        "lifecycle_state": "ACTIVE",
        "create_time": iso(request.now),
        "update_time": iso(request.now),
        **_personal(request, family, body),
    }
    permissions.register(
        request.workspace, family.kind, object_id, owner=request.caller, parent=above
    )
    request.audit_params["objectId"] = object_id
    return request.workspace.table(family.kind)[object_id]


def _personal(request: Request, family: Family, body: Json) -> Json:
    """What says in whose name it is: who modified a query, whom an alert runs as."""
    if family.kind == "queries":
        return {"last_modifier_user_name": request.caller.name}
    if family.kind != "alertsv2":
        return {}
    key = "service_principal_name" if request.caller.is_service_principal else "user_name"
    runs_as = body.get("run_as") or {key: request.caller.name}
    if "service_principal_name" in runs_as:
        run_as(request, body, str(body.get("run_as_user_name") or request.caller.name))
    return {"effective_run_as": runs_as, "run_as_user_name": next(iter(runs_as.values()), "")}


def _update(request: Request, family: Family) -> Json:
    held, given = _one(request, family, "edit"), _given(request, family)
    changes = masked(request, given, (*family.fields, "owner_user_name"))
    _check(request, family, held | changes)
    if "owner_user_name" in changes:
        permissions.require(request, family.kind, held["id"], _RIGHTS["manage"])
        owner = str(changes["owner_user_name"])
        if identity.named(request.account, owner) is None:
            raise invalid(f"User {owner} does not exist")
        kept = {held["owner_user_name"], request.caller.name}
        if identity.admins_restricted(request.workspace) and owner not in kept:
            raise denied("Workspace admins can only change the owner to themselves")
    if "display_name" in changes:
        folder = normal(held["parent_path"])
        name = str(changes["display_name"])
        changes["display_name"] = _free_name(request, family, name, folder, held["id"])
    held |= changes | {"update_time": iso(request.now)}
    held |= _personal(request, family, held)
    for name in [name for name, value in held.items() if value is None]:
        del held[name]
    return held


def _check(request: Request, family: Family, body: Json) -> None:
    for name, table in family.refers.items():
        wanted = body.get(name)
        if wanted and wanted not in request.workspace.table(table):
            raise invalid(f"{name} {wanted} does not exist")


def _free_name(request: Request, family: Family, name: str, folder: str, but: str) -> str:
    """A name that nothing else of the kind has in a folder; 400 unless another one is welcome."""
    taken = {
        body["display_name"]
        for object_id, body in request.workspace.table(family.kind).items()
        if body["parent_path"] == f"/Workspace{folder}"
        and body["lifecycle_state"] == "ACTIVE"
        and object_id != but
    }
    free, number = name, 0
    while free in taken and family.wrapper:
        if not (request.body or {}).get("auto_resolve_display_name"):
            message = f"{family.label} with name {name} already exists in {folder}"
            raise ApiError(400, "RESOURCE_ALREADY_EXISTS", message)
        number += 1
        free = f"{name} ({number})"
    return free


for _family in FAMILIES:
    _serve(_family)


def _seed(seed: Seed, family: Family, item: Json) -> None:
    extra = ("by", "at", "permissions")
    body = {name: value for name, value in item.items() if name not in extra}
    creation = {"by": item.get("by"), "at": item.get("at")}
    if "parent_path" in body:
        seed.call("POST", "/api/2.0/workspace/mkdirs", {"path": body["parent_path"]}, **creation)
    wrapped = {family.wrapper: body} if family.wrapper else body
    made = seed.call("POST", family.path, wrapped, **creation)
    seed.remember(family.label.lower(), item["display_name"], made["id"])
    if "permissions" in item:
        path = f"/api/2.0/permissions/{family.kind}/{made['id']}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})


@seeds("queries")
def seed_query(seed: Seed, item: Json) -> None:
    """``[[2001.queries]]``: a query of the API, ``by``, ``at`` and ``permissions`` (merged in)."""
    _seed(seed, FAMILIES[0], item)


@seeds("legacy_alerts")
def seed_legacy_alert(seed: Seed, item: Json) -> None:
    """``[[2001.legacy_alerts]]``: an alert on a query, ``by``, ``at`` and ``permissions``."""
    _seed(seed, FAMILIES[1], item)


@seeds("alerts")
def seed_alert(seed: Seed, item: Json) -> None:
    """``[[2001.alerts]]``: an alert of the API, ``by``, ``at`` and ``permissions``."""
    _seed(seed, FAMILIES[2], item)
